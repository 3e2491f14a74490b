-- Payments that changed since, under all the names that they go by now.
insert into touched_payments
with recursive changed as (
    select payment_key as key from botledger.main.payments
    where first_received <= $upto::timestamp and last_received > $upto::timestamp
    union
    -- Their conversation has got another name since.
    select payment_key from botledger.main.payments
    where conversation_key in (
        select unnest([alias_key, conversation_key]) from botledger.main.conversation_aliases
        where received_at > $upto::timestamp
    )
),
component as (
    select key from changed
    union
    (
        select a.payment_key from component c join botledger.main.payment_aliases a on a.alias_key = c.key
        union all
        select a.alias_key from component c join botledger.main.payment_aliases a on a.payment_key = c.key
    )
)
select key, key from component
