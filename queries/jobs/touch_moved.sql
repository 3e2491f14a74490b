-- A conversation is folded with all the names that it goes by.
insert into touched_conversations
with known as (
    select key from touched_conversations
    union
    select key from touched_names
),
ends as (
    select key from known
    union
    select root from conversation_roots where alias_key in (select key from known)
)
select key
from (
    select key from ends
    union
    select alias_key from conversation_roots where root in (select key from ends)
)
where key not in (select key from touched_conversations)
