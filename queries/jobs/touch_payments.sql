insert into touched_payments
select distinct payment_key from payment_log
where received_at > $after::timestamp and received_at <= $upto::timestamp
