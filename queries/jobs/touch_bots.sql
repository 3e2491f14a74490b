insert into touched_bots
select bot_key from bot_log
where received_at > $after::timestamp and received_at <= $upto::timestamp
union
select bot_key from payment_log
where bot_key is not null and payment_key in (select key from reaching_payments)
