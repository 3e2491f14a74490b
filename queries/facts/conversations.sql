-- Conversations when they were started: all, or those with a checkout (`$anchor` is `checkout`).
select columns($columns)
from (
    select epoch_us(started_at) as time,
           epoch_us(checkout_at) - epoch_us(started_at) as checkout_after,
           epoch_us(paid_at) - epoch_us(started_at) as paid_after,
           bot_key,
           platform,
           bot_id as bot,
           country,
           acquisition,
           path,
           credential,
           provider
    from conversations
    where mode = $mode::varchar
      and started_at >= $from::timestamp
      and started_at < $to::timestamp
      and ($anchor::varchar <> 'checkout' or checkout_at is not null)
)
