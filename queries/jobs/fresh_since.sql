-- The earliest receipt of anything projected about the conversations that the window names, also of those set aside.
with named as (
    select distinct unnest([e.conversation_key, r.root]) as key
    from events e
    left join conversation_roots r on r.alias_key = e.conversation_key
    where e.received_at > $after::timestamp and e.received_at <= $upto::timestamp
      and e.conversation_key is not null
),
known as (
    select conversation_key as key, first_received from conversations
    union all
    select key, first_received from set_aside where kind = 'conversation'
)
select epoch_us(least(min(first_received), $after::timestamp)) as since
from known
where key in (select key from named where key is not null)
