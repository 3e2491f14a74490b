-- What the payments that name a checkout of the touched conversations tell of it: when the nearest to each beginning was
-- paid, and the latest stamp. However many name it, there are no more rows than beginnings.
with begun as (
    select distinct l.platform, l.checkout_id, l.mode, l.time
    from conversation_log l
    left join conversation_roots r on r.alias_key = l.conversation_key
    anti join left_out o on o.kind = 'checkout' and o.platform = l.platform and o.name = l.checkout_id
    where l.received_at >= $since::timestamp
      and l.kind = 'checkout.started' and l.conversation_key in (select key from touched_conversations)
      and l.checkout_id is not null
      and coalesce(r.root, l.conversation_key) not in (select key from left_out where kind = 'conversation')
),
naming as (
    select platform, checkout_id, mode, first_paid_at, last_received
    from payments
    semi join begun using (platform, checkout_id, mode)
)
select
    b.platform, b.checkout_id, null::bigint as conversation_key, b.mode, epoch_us(n.first_paid_at) as first_paid_at,
    null::bigint as last_received
from begun b
asof join naming n
    on n.platform = b.platform and n.checkout_id = b.checkout_id and n.mode = b.mode and n.first_paid_at >= b.time
union all
select platform, checkout_id, null, mode, null, epoch_us(max(last_received))
from naming
group by platform, checkout_id, mode
union all
-- Payments that name none and belong to one of these conversations.
select platform, checkout_id, conversation_key, mode, epoch_us(first_paid_at), epoch_us(last_received)
from payments
where checkout_id is null and conversation_key in (select key from touched_conversations)
  and conversation_key not in (select key from left_out where kind = 'conversation')
