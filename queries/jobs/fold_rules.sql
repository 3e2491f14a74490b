select program, entity_rows from fold_rules
