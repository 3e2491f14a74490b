-- The earliest receipt of anything logged about the touched conversations. Of what is set aside no fact tells: neither
-- of those to be tried again, nor of names that have led to one.
select case when exists (
                select 1 from set_aside
                where kind = 'conversation' and (state = 'retry' or key in (select key from touched_names))
            ) then 0
            else epoch_us(least(min(first_received), $after::timestamp)) end as since
from conversations
where conversation_key in (select key from touched_conversations)
