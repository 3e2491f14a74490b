-- Users whose first activity ever lies in the range, counted by the bucket of that activity and by
-- each bucket in which they were active. `$edges` are the beginnings of the buckets, in order.
with edges as (
    select unnest($edges::bigint[]) as edge,
           unnest($bucket::bigint[]) as bucket
),
activity as (
    select user_key, bot_key, epoch_us(started_at) as instant
    from conversations
    where mode = $mode::varchar and user_key is not null and started_at < $to::timestamp
    union all
    select c.user_key, c.bot_key, epoch_us(k.started_at)
    from checkouts k
    join conversations c on c.conversation_key = k.conversation_key and c.mode = k.mode
    where k.mode = $mode::varchar and c.user_key is not null and k.started_at < $to::timestamp
    union all
    select user_key, bot_key, epoch_us(first_paid_at)
    from payments
    where mode = $mode::varchar and user_key is not null and first_paid_at < $to::timestamp
),
-- The few users whose facts name several bots belong to the bot of their first activity.
users as (
    select user_key, min(instant) as first, min({'instant': instant, 'bot': bot_key}).bot as bot_key
    from activity
    group by user_key
    having min(instant) >= epoch_us($from::timestamp)
),
known as (
    select u.user_key,
           u.first,
           case when $by_platform::boolean then b.platform end as platform,
           case when $by_bot::boolean then b.bot_id end as bot,
           case when $by_category::boolean then b.category end as category,
           case when $by_country::boolean then b.country end as country,
           case when $by_developer::boolean then b.developer_id end as developer
    from users u
    left join bots b on b.bot_key = u.bot_key
    where true
      and ($platform::varchar[] is null or b.platform in $platform::varchar[])
      and ($platform_not::varchar[] is null or b.platform is null or b.platform not in $platform_not::varchar[])
      and ($bot::varchar[] is null or b.bot_id in $bot::varchar[])
      and ($bot_not::varchar[] is null or b.bot_id is null or b.bot_id not in $bot_not::varchar[])
      and ($category::varchar[] is null or b.category in $category::varchar[])
      and ($category_not::varchar[] is null or b.category is null or b.category not in $category_not::varchar[])
      and ($country::varchar[] is null or b.country in $country::varchar[])
      and ($country_not::varchar[] is null or b.country is null or b.country not in $country_not::varchar[])
      and ($developer::varchar[] is null or b.developer_id in $developer::varchar[])
      and ($developer_not::varchar[] is null or b.developer_id is null or b.developer_id not in $developer_not::varchar[])
),
starts as (
    select k.*, e.bucket as cohort
    from known k
    asof join edges e on k.first >= e.edge
),
visits as (
    select distinct s.user_key, e.bucket
    from (select a.user_key, a.instant from activity a semi join known k on k.user_key = a.user_key) s
    asof join edges e on s.instant >= e.edge
)
select s.cohort, v.bucket, s.platform, s.bot, s.category, s.country, s.developer, count(*) as users
from starts s
join visits v on v.user_key = s.user_key
group by all
