-- What is in no fact now, but was then, has left no stamps with the entities that it touches.
insert into reaching_payments
from touched_payments
where root not in (select key from left_out where kind = 'payment')
  and root in (
      select t.root
      from touched_payments t
      left join botledger.main.payment_roots r on r.payment_key = t.key
      where coalesce(r.root, t.key) not in (select payment_key from botledger.main.payments)
  )
