-- A payment's activity belongs to the bot that the payment is attributed to, which may be any it names.
insert into touched_days
with moved as (
    select t.root as payment_key, l.bot_key, (l.time::date - date '1970-01-01')::integer as day,
           t.root in (select key from left_out where kind = 'payment') as out
    from payment_log l
    join reaching_payments t on t.key = l.payment_key
)
select bot_key, day from activity_log
where received_at > $after::timestamp and received_at <= $upto::timestamp
union
select b.bot_key, d.day
from (select distinct payment_key, bot_key from moved where bot_key is not null and not out) b
join (select distinct payment_key, day from moved where not out) d using (payment_key)
union
-- Of a payment that is left out only days that are facts already: there may be too many others.
select bot_key, day
from bot_days
where bot_key in (select bot_key from moved where out) and day in (select day from moved where out)
