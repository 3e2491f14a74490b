-- Payments that name a checkout of the touched conversations, or belong to one of these conversations.
select
    p.payment_key, p.platform, p.checkout_id, p.conversation_key, p.mode,
    epoch_us(p.first_paid_at) as first_paid_at, epoch_us(p.last_received) as last_received
from payments p
semi join (
    select platform, checkout_id
    from conversation_log l
    anti join left_out o on o.kind = 'checkout' and o.platform = l.platform and o.name = l.checkout_id
    where received_at >= $since::timestamp
      and l.kind = 'checkout.started' and conversation_key in (select key from touched_conversations)
) c on c.platform = p.platform and c.checkout_id = p.checkout_id
union all
select
    payment_key, platform, checkout_id, conversation_key, mode,
    epoch_us(first_paid_at), epoch_us(last_received)
from payments
where checkout_id is null and conversation_key in (select key from touched_conversations)
