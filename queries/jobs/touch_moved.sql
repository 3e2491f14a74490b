-- A conversation is folded with all the names that it goes by.
insert into touched_conversations
with recursive component as (
    select key from touched_conversations
    union
    (
        select a.conversation_key from component c
        join botledger.main.conversation_aliases a on a.alias_key = c.key
        union all
        select a.alias_key from component c
        join botledger.main.conversation_aliases a on a.conversation_key = c.key
    )
)
select key from component where key not in (select key from touched_conversations)
