-- Who states first that a name is another payment's: later statements of the same say nothing new.
insert into payment_aliases
with stated as (
    select unnest(alias_keys) as alias_key, payment_key, time, received_at, source, id
    from events
    where received_at > $after::timestamp and received_at <= $upto::timestamp
      and alias_keys is not null
      and payment_key is not null
      and kind like 'transaction.%'
),
fresh as (
    select alias_key, payment_key, received_at, min((time, source, id)) as earliest
    from stated
    where alias_key <> payment_key
    group by alias_key, payment_key, received_at
)
select alias_key, payment_key, earliest[1], received_at, earliest[2], earliest[3]
from fresh f
where not exists (
    select 1 from payment_aliases a
    where a.alias_key = f.alias_key and a.payment_key = f.payment_key
      and (a.time, a.source, a.id) <= f.earliest
)
