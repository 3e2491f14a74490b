-- Nothing is folded: a start that sees this throws projections and facts away, and folds make them again.
update fold_state set folded_to = timestamp '1970-01-01'
