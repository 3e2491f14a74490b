-- Ids of touched checkouts that more checkouts and payments have than may have one. Checkouts of conversations that are
-- set aside count, so that it is the same whether these were set aside before or after.
with begun as (
    select distinct coalesce(r.root, l.conversation_key) as conversation_key, l.mode, l.platform, l.checkout_id
    from conversation_log l
    left join conversation_roots r on r.alias_key = l.conversation_key
    where l.received_at >= $since::timestamp
      and l.kind = 'checkout.started' and l.checkout_id is not null
      and l.conversation_key in (select key from touched_conversations)
),
ids as (
    select distinct platform, checkout_id
    from begun
    anti join left_out o on o.kind = 'checkout' and o.platform = begun.platform and o.name = begun.checkout_id
),
-- No facts tell of these.
of_left_out as (
    select distinct coalesce(r.root, l.conversation_key) as conversation_key, l.mode, l.platform, l.checkout_id
    from conversation_log l
    left join conversation_roots r on r.alias_key = l.conversation_key
    where l.kind = 'checkout.started' and l.checkout_id is not null
      and coalesce(r.root, l.conversation_key) in (select key from left_out where kind = 'conversation')
),
told as (
    select platform, checkout_id from (from begun union from of_left_out)
    union all
    select platform, checkout_id
    from checkouts
    where checkout_id is not null and conversation_key not in (select key from touched_conversations)
    union all
    select platform, checkout_id from payments where checkout_id is not null
)
select null::bigint as key, platform, checkout_id as name, count(*) as rows
from told
semi join ids using (platform, checkout_id)
group by platform, checkout_id
having count(*) > $most::bigint
order by platform, name
