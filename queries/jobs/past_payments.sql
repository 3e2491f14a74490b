insert into touched_payments
select payment_key from botledger.main.payments
where first_received <= $upto::timestamp and last_received > $upto::timestamp
