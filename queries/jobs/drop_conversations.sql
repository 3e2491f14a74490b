delete from conversations where conversation_key in (select key from touched_conversations);
delete from checkouts where conversation_key in (select key from touched_conversations);
