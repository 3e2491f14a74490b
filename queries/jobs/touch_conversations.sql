-- A payment touches the conversations it names and those whose checkouts it names.
insert into touched_conversations
select conversation_key from conversation_log
where received_at > $after::timestamp and received_at <= $upto::timestamp
union
select conversation_key from payment_log
where conversation_key is not null and payment_key in (select key from reaching_payments)
union
select c.conversation_key
from checkouts c
semi join (
    select distinct platform, checkout_id
    from payment_log
    where checkout_id is not null and payment_key in (select key from reaching_payments)
) p on p.platform = c.platform and p.checkout_id = c.checkout_id
