-- Conversations that changed since, and those that were set aside since, or whose checkouts were.
insert into touched_conversations
select conversation_key from botledger.main.conversations
where first_received <= $upto::timestamp and last_received > $upto::timestamp
union
select conversation_key from botledger.main.checkouts
where first_received <= $upto::timestamp and last_received > $upto::timestamp
union
select key from botledger.main.set_aside
where kind = 'conversation' and first_received <= $upto::timestamp and since > $upto::timestamp
union
select l.conversation_key
from conversation_log l
semi join (
    select platform, name from botledger.main.set_aside
    where kind = 'checkout' and first_received <= $upto::timestamp and since > $upto::timestamp
) a on a.platform = l.platform and a.name = l.checkout_id
where l.kind = 'checkout.started'
