insert into touched_conversations
select conversation_key from conversation_log
where received_at > $after::timestamp and received_at <= $upto::timestamp
union
select conversation_key from payment_log
where conversation_key is not null and payment_key in (select key from touched_payments)
