delete from payment_roots where payment_key in (select key from touched_payments);
insert into payment_roots select key, root from touched_payments where key <> root;
