update fold_state set folded_to = $upto::timestamp
