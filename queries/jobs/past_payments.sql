-- Payments that changed since, those about whose names or whose conversation's something was stated since, and those
-- set aside since.
insert into touched_payments
select key, key
from (
    select payment_key as key from botledger.main.payments
    where first_received <= $upto::timestamp and last_received > $upto::timestamp
    union
    select payment_key from botledger.main.payments
    where conversation_key in (select key from touched_names)
    union
    select unnest([alias_key, payment_key]) from botledger.main.payment_aliases
    where received_at > $upto::timestamp
    union
    select key from botledger.main.set_aside
    where kind = 'payment' and first_received <= $upto::timestamp and since > $upto::timestamp
)
