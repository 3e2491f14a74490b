-- Conversations of more steps and payments than one may have, and those that have got a name that is set aside. How many
-- other events are projected depends on the order in which they came in, so that they decide nothing, unless they are ten
-- times as many.
with told as (
    select coalesce(r.root, l.conversation_key) as key,
           count(*) filter (
               l.kind in ('conversation.started', 'catalog.viewed', 'product.viewed', 'cart.updated', 'checkout.started')
           ) as steps,
           count(*) as projected
    from conversation_log l
    left join conversation_roots r on r.alias_key = l.conversation_key
    where l.received_at >= $since::timestamp and l.conversation_key in (select key from touched_conversations)
    group by 1
    union all
    select coalesce(r.root, l.conversation_key), count(distinct l.payment_key), 0
    from payment_log l
    left join conversation_roots r on r.alias_key = l.conversation_key
    where l.conversation_key in (select key from touched_conversations)
    group by 1
)
select key, null::varchar as platform, null::varchar as name,
       case when sum(steps) <= $most::bigint and sum(projected) > 10 * $most::bigint then sum(projected) else sum(steps) end::bigint
           as rows
from told
where key not in (select key from set_aside where kind = 'conversation' and state <> 'retry')
group by key
having sum(steps) > $most::bigint or sum(projected) > 10 * $most::bigint
    or key in (select key from left_out where kind = 'conversation')
order by key
