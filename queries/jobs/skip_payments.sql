-- What is left out and is in no fact needs no fold, and touches nothing.
delete from touched_payments
where root in (select key from left_out where kind = 'payment')
  and root not in (
      select t.root from touched_payments t join payments p on p.payment_key = t.key
  )
