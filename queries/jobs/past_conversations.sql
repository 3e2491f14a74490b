insert into touched_conversations
select conversation_key from botledger.main.conversations
where first_received <= $upto::timestamp and last_received > $upto::timestamp
union
select conversation_key from botledger.main.checkouts
where first_received <= $upto::timestamp and last_received > $upto::timestamp
