-- The latest `$most` annotations of a range that stood at `$as_of` and concern a metric and its filters, in the order of time.
select
    id,
    epoch_us(time) as time,
    text,
    platform,
    bot_id,
    metric
from annotations
where received_at <= $as_of::timestamp
  and time >= $from::timestamp
  and time < $to::timestamp
group by id, time, text, platform, bot_id, metric
having not arg_max(retracted, received_at)
order by time, id
