-- Payments that changed since, those whose conversation has got another name since, and those set aside since.
insert into touched_payments
select key, key
from (
    select payment_key as key from botledger.main.payments
    where first_received <= $upto::timestamp and last_received > $upto::timestamp
    union
    select payment_key from botledger.main.payments
    where conversation_key in (select key from touched_names)
    union
    select key from botledger.main.set_aside
    where kind = 'payment' and first_received <= $upto::timestamp and since > $upto::timestamp
)
