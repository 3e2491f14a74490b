insert into past_moved select key, root from touched_names where key <> root
