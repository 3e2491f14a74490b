-- What the touched names lead to, by the statements and so far, and what led to the same so far.
insert into touched_payments
with stated as (
    select arg_min(payment_key, (time, source, id)) as key
    from payment_aliases
    where alias_key in (select key from touched_payments)
    group by alias_key
),
ends as (
    select key from touched_payments
    union
    select root from botledger.main.payment_roots where payment_key in (select key from touched_payments)
),
near as (
    select key from stated
    union
    select key from ends
    union
    select payment_key from botledger.main.payment_roots where root in (select key from ends)
)
select key, key from near where key not in (select key from touched_payments)
