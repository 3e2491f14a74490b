-- Payments that belong to no bot, counted under every source that told of them. Native events name
-- sources of their own; Segment's clients are told by the one that their messages are given.
with names as (
    select payment_key as name, payment_key from payments where bot_key is null
    union all
    select r.payment_key, r.root
    from payment_roots r
    join payments p on p.payment_key = r.root
    where p.bot_key is null
)
select case when starts_with(l.source, '/webhooks/') then l.source
            when l.source = '/segment' then '/v1/batch'
            else '/v1/events' end as source,
       count(distinct names.payment_key) as payments
from payment_log l
join names on names.name = l.payment_key
group by all
