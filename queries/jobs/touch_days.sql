-- A payment's activity belongs to the bot that the payment is attributed to, which may be any it names.
insert into touched_days
with moved as (
    select t.root as payment_key, l.bot_key, (l.time::date - date '1970-01-01')::integer as day
    from payment_log l
    join touched_payments t on t.key = l.payment_key
)
select bot_key, day from activity_log
where received_at > $after::timestamp and received_at <= $upto::timestamp
union
select b.bot_key, d.day
from (select distinct payment_key, bot_key from moved where bot_key is not null) b
join (select distinct payment_key, day from moved) d using (payment_key)
