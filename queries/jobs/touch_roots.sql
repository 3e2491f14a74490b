-- The payment behind each name: the earliest statement about a name decides whose it is. A charge
-- leads to its intent, a capture to its authorization and on to its order; four steps are more than
-- any provider has, and end also where names lead in a circle.
update touched_payments
set root = found.root
from (
    with parent as (
        select alias_key as key, arg_min(payment_key, (time, source, id)) as parent
        from payment_aliases
        where alias_key in (select key from touched_payments)
        group by alias_key
    )
    select t.key, coalesce(d.parent, c.parent, b.parent, a.parent) as root
    from touched_payments t
    join parent a on a.key = t.key
    left join parent b on b.key = a.parent
    left join parent c on c.key = b.parent
    left join parent d on d.key = c.parent
) found
where found.key = touched_payments.key
