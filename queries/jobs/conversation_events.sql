select
    coalesce(r.root, l.conversation_key) as conversation_key, platform, conversation_id, kind, epoch_us(time) as time,
    epoch_us(received_at) as received_at, source, id, bot_key, bot_id, user_key, country, acquisition, checkout_id, path,
    credential, mode,
    exists (
        from left_out o where o.kind = 'checkout' and o.platform = l.platform and o.name = l.checkout_id
    ) as is_left_out
from conversation_log l
left join conversation_roots r on r.alias_key = l.conversation_key
where received_at >= $since::timestamp
  and l.conversation_key in (select key from touched_conversations)
  and coalesce(r.root, l.conversation_key) not in (select key from left_out where kind = 'conversation')
