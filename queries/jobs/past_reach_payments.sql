-- What is in no fact any more has left no stamps with the entities that it touches.
insert into reaching_payments
from touched_payments
where root in (
    select t.root
    from touched_payments t
    anti join botledger.main.payments p on p.payment_key = t.root
)
