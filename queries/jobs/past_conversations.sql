insert into touched_conversations
select distinct conversation_key from botledger.main.conversations
where first_received <= $upto::timestamp and last_received > $upto::timestamp
