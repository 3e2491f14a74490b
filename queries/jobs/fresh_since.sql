-- The earliest receipt of anything logged about the conversations that the window names.
select epoch_us(least(min(c.first_received), $after::timestamp)) as since
from conversations c
semi join (
    select distinct conversation_key
    from events
    where received_at > $after::timestamp and received_at <= $upto::timestamp
      and conversation_key is not null
) f on f.conversation_key = c.conversation_key
