-- Every payment that ever named the conversation; `attributed` are those that belong to it.
select
    n.conversation_key, p.provider, p.mode,
    coalesce(p.conversation_key = n.conversation_key, false) as attributed,
    epoch_us(p.first_fact_at) as first_fact_at, epoch_us(p.first_paid_at) as first_paid_at,
    epoch_us(p.first_received) as first_received, epoch_us(p.last_received) as last_received
from (
    select distinct
        coalesce(c.root, l.conversation_key) as conversation_key, coalesce(r.root, l.payment_key) as payment_key
    from payment_log l
    left join payment_roots r using (payment_key)
    left join conversation_roots c on c.alias_key = l.conversation_key
    where l.conversation_key in (select key from touched_conversations)
      and coalesce(c.root, l.conversation_key) not in (select key from left_out where kind = 'conversation')
) n
join payments p using (payment_key)
