-- Payments that changed since, those whose conversation has got another name since, those set aside since, and those that
-- were found since to be another name of one that is set aside: they are in no fact any more.
insert into touched_payments
with aside_roots as (
    select coalesce(r.root, s.key) as root
    from botledger.main.set_aside s
    left join botledger.main.payment_roots r on r.payment_key = s.key
    where s.kind = 'payment'
), absorbed_payments as (
    select unnest([a.alias_key, a.payment_key]) as key
    from botledger.main.payment_aliases a
    left join botledger.main.payment_roots r on r.payment_key = a.alias_key
    where a.received_at > $upto::timestamp
      and coalesce(r.root, a.alias_key) in (select root from aside_roots)
)
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
    union
    select key from absorbed_payments
)
