-- The earliest receipt of anything logged about the touched conversations.
select epoch_us(least(min(first_received), $after::timestamp)) as since
from conversations
where conversation_key in (select key from touched_conversations)
