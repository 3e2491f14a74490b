-- Bots registered in the range: how long after it came the first conversation, the first checkout and the first captured
-- payment, in microseconds, where that was within the window.
with registered as (
    select bot_key, registered_at
    from bots
    where registered_at >= $from::timestamp
      and registered_at < $to::timestamp
),
steps as (
    select bot_key, started_at as time, 1 as step
    from conversations
    where mode = $mode::varchar and started_at >= $from::timestamp and started_at <= $until::timestamp
    union all
    select bot_key, started_at, 2
    from checkouts
    where mode = $mode::varchar and started_at >= $from::timestamp and started_at <= $until::timestamp
    union all
    select bot_key, first_capture_at, 3
    from payments
    where mode = $mode::varchar and first_capture_at >= $from::timestamp and first_capture_at <= $until::timestamp
),
firsts as (
    select r.bot_key,
           min(epoch_us(s.time) - epoch_us(r.registered_at)) filter (s.step = 1) as to_conversation,
           min(epoch_us(s.time) - epoch_us(r.registered_at)) filter (s.step = 2) as to_checkout,
           min(epoch_us(s.time) - epoch_us(r.registered_at)) filter (s.step = 3) as to_payment
    from steps s
    join registered r on r.bot_key = s.bot_key
    where epoch_us(s.time) - epoch_us(r.registered_at) between 0 and $window::bigint
    group by r.bot_key
)
select r.bot_key, epoch_us(r.registered_at) as time, f.to_conversation, f.to_checkout, f.to_payment
from registered r
left join firsts f on f.bot_key = r.bot_key
