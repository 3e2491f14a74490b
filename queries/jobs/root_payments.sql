update touched_payments set root = f.root from found_roots f where f.key = touched_payments.key;
delete from found_roots;
