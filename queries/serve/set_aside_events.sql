-- What the projections hold of one entity that is set aside, by source and type, the most frequent first.
with told as (
    select source, id, kind, received_at
    from payment_log
    where $kind::varchar = 'payment'
      and (payment_key = $key::bigint or payment_key in (select payment_key from payment_roots where root = $key::bigint))
    union all
    select source, id, kind, received_at
    from conversation_log
    where $kind::varchar = 'conversation'
      and (conversation_key = $key::bigint
           or conversation_key in (select alias_key from conversation_roots where root = $key::bigint))
    union all
    select source, id, kind, received_at
    from conversation_log
    where $kind::varchar = 'checkout'
      and kind = 'checkout.started' and platform = $platform::varchar and checkout_id = $name::varchar
    union all
    select source, id, kind, received_at
    from payment_log
    where $kind::varchar = 'checkout' and platform = $platform::varchar and checkout_id = $name::varchar
    union all
    select source, id, kind, received_at
    from bot_log
    where $kind::varchar = 'bot' and bot_key = $key::bigint and kind <> 'seen'
)
select source, kind, arg_min(id, (received_at, id)) as sample, count(*) as events,
       sum(count(*)) over ()::bigint as all_events,
       epoch_us(min(received_at)) as first_received, epoch_us(max(received_at)) as last_received,
       epoch_us(min(min(received_at)) over ()) as first_of_all, epoch_us(max(max(received_at)) over ()) as last_of_all
from told
group by source, kind
order by events desc, source, kind
limit 20
