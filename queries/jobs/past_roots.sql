insert into past_roots select key, root from touched_payments where key <> root
