-- What is to be tried again; payments are touched before they touch others.
insert into touched_conversations
select key from set_aside where kind = 'conversation' and state = 'retry'
union
select l.conversation_key
from conversation_log l
semi join (select platform, name from set_aside where kind = 'checkout' and state = 'retry') a
    on a.platform = l.platform and a.name = l.checkout_id
where l.kind = 'checkout.started';
insert into touched_bots
select key from set_aside where kind = 'bot' and state = 'retry';
