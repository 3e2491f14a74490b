update fold_rules set program = $program::varchar, entity_rows = $most::bigint
