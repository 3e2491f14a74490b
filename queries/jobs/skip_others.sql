delete from touched_conversations
where key in (
    select t.key
    from touched_conversations t
    left join conversation_roots r on r.alias_key = t.key
    where coalesce(r.root, t.key) in (
          select key from set_aside where kind = 'conversation' and state <> 'retry'
      )
      and t.key not in (select conversation_key from conversations)
);
delete from touched_bots
where key in (select key from left_out where kind = 'bot') and key not in (select bot_key from bots);
