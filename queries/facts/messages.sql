-- Conversations when they were started, and how many messages each had within `$window` microseconds from then. Logs keep
-- no messages: they are read from the events, before which no view of the past stands.
with spoken as (
    select c.conversation_key, count(*) as messages
    from events e
    left join conversation_roots n on n.alias_key = e.conversation_key
    join conversations c on c.conversation_key = coalesce(n.root, e.conversation_key)
    where e.kind = 'conversation.message'
      and (e.mode = $mode::varchar or $mode::varchar = 'test')
      and ($direction::varchar is null or e.direction = $direction::varchar)
      and e.received_at <= $heard::timestamp
      and e.time >= $from::timestamp
      and e.time <= $until::timestamp
      and c.mode = $mode::varchar
      and c.started_at >= $from::timestamp
      and c.started_at < $to::timestamp
      and epoch_us(e.time) - epoch_us(c.started_at) between 0 and $window::bigint
    group by c.conversation_key
)
select columns($columns)
from (
    select c.* rename (bot_id as bot), epoch_us(c.started_at) as time, coalesce(s.messages, 0) as messages
    from conversations c
    left join spoken s on s.conversation_key = c.conversation_key
    where c.mode = $mode::varchar
      and c.started_at >= $from::timestamp
      and c.started_at < $to::timestamp
)
