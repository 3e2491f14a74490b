-- What each touched name is another name of: the earliest statement about it decides. A charge leads to its intent,
-- a capture to its authorization and on to its order.
select key, parent, row_number() over (order by stated, key) as place
from (
    select alias_key as key, arg_min(payment_key, (time, source, id)) as parent, min((time, source, id)) as stated
    from payment_aliases
    where alias_key in (select key from touched_payments)
    group by alias_key
)
order by key
