-- The earliest receipt of anything projected about the touched conversations. Of those to be tried again, and of those that
-- names lead away from, no fact tells where they are set aside.
select case when exists (
                select 1 from set_aside
                where kind = 'conversation'
                  and (
                      state = 'retry'
                      or key in (select key from touched_names)
                      or key in (select root from touched_names)
                  )
            ) then 0
            else epoch_us(least(min(first_received), $after::timestamp)) end as since
from conversations
where conversation_key in (select key from touched_conversations)
