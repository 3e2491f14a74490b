-- Payments about which something came in, under all the names that they go by.
insert into touched_payments
with recursive changed as (
    select payment_key as key from payment_log
    where received_at > $after::timestamp and received_at <= $upto::timestamp
    union
    select alias_key from payment_aliases
    where received_at > $after::timestamp and received_at <= $upto::timestamp
    union
    -- Their conversation has got another name.
    select payment_key from payment_log
    where conversation_key in (
        select unnest([alias_key, conversation_key]) from conversation_aliases
        where received_at > $after::timestamp and received_at <= $upto::timestamp
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
