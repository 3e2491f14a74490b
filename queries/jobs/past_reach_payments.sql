-- What was set aside since has left no stamps with the entities that it touches.
insert into reaching_payments
from touched_payments
where root in (
    select root from touched_payments
    where key in (select key from botledger.main.set_aside where kind = 'payment' and since > $upto::timestamp)
)
