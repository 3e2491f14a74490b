-- Payments about which something came in, those whose conversation has got another name, and those to be tried again.
insert into touched_payments
select key, key
from (
    select payment_key as key from payment_log
    where received_at > $after::timestamp and received_at <= $upto::timestamp
    union
    select alias_key from payment_aliases
    where received_at > $after::timestamp and received_at <= $upto::timestamp
    union
    select payment_key from payment_log
    where conversation_key in (select key from touched_names)
    union
    select key from set_aside where kind = 'payment' and state = 'retry'
)
