-- What is set aside and is in no fact needs no fold, and touches nothing.
delete from touched_payments
where root in (select key from set_aside where kind = 'payment' and state <> 'retry')
  and root not in (
      select t.root from touched_payments t join payments p on p.payment_key = t.key
  )
