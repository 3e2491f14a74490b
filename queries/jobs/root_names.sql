update touched_names set root = f.root from found_roots f where f.key = touched_names.key;
delete from found_roots;
