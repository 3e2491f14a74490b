-- As for payments; of a conversation its events and the payments that name it are read, under all its names.
insert into parts
with named as (
    select distinct t.key, coalesce(r.root, t.key) as root
    from touched_conversations t
    left join conversation_roots r on r.alias_key = t.key
),
told as (
    select conversation_key as key, count(*) as rows
    from conversation_log
    where received_at >= $since::timestamp and conversation_key in (select key from named)
    group by conversation_key
    union all
    select conversation_key, count(distinct payment_key)
    from payment_log
    where conversation_key in (select key from named)
    group by conversation_key
),
weighed as (
    select n.root, coalesce(sum(t.rows), 0) as rows
    from named n
    left join told t using (key)
    group by n.root
),
placed as (
    select root, ((sum(rows) over (order by root) - rows) // $rows::bigint)::bigint as part
    from weighed
)
select n.key, n.root, p.part
from named n
join placed p using (root)
