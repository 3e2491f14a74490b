-- The latest `$most` annotations of a range that stood at `$as_of` and concern a question, in the order of time, with
-- the number of all of them.
with standing as (
    select
        id,
        time,
        text,
        platform,
        bot_id,
        metric
    from annotations
    where received_at <= $as_of::timestamp
      and time >= $from::timestamp
      and time < $to::timestamp
      and ($metric::varchar is null or metric is null or metric = $metric::varchar)
      and (platform is null or kept(platform, $platform::varchar[], $platform_not::varchar[]))
      and (bot_id is null or $names_bots::boolean and kept(bot_id, $bot::varchar[], $bot_not::varchar[]))
    group by id, time, text, platform, bot_id, metric
    having not arg_max(retracted, received_at)
),
latest as (
    select
        *,
        count(*) over () as total
    from standing
    order by time desc, id desc
    limit $most::bigint
)
select
    id,
    epoch_us(time) as time,
    text,
    platform,
    bot_id,
    metric,
    total
from latest
order by time, id
