delete from moved_roots where alias_key in (select key from touched_names);
insert into moved_roots select key, root from touched_names where key <> root;
