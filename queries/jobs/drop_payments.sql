delete from payments where payment_key in (select key from touched_payments);
delete from payment_attempts where payment_key in (select key from touched_payments);
delete from payment_movements where payment_key in (select key from touched_payments);
