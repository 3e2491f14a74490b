-- The bots registered in the range, by cell of their registration: how long after it came the first
-- conversation, the first checkout and the first captured payment, where that was within the window.
-- Bots alike in all of this share a row: those that took no step are few rows.
with registered as (
    select b.bot_key,
           b.registered_at,
           case when $by_platform::boolean then b.platform end as platform,
           case when $by_bot::boolean then b.bot_id end as bot,
           case when $by_category::boolean then b.category end as category,
           case when $by_country::boolean then b.country end as country,
           case when $by_developer::boolean then b.developer_id end as developer
    from bots b
    where b.registered_at >= $from::timestamp
      and b.registered_at < $to::timestamp
      and kept(b.platform, $platform::varchar[], $platform_not::varchar[])
      and kept(b.bot_id, $bot::varchar[], $bot_not::varchar[])
      and kept(b.category, $category::varchar[], $category_not::varchar[])
      and kept(b.country, $country::varchar[], $country_not::varchar[])
      and kept(b.developer_id, $developer::varchar[], $developer_not::varchar[])
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
select (epoch_us(r.registered_at) - $origin::bigint) // $cell::bigint as cell,
       r.platform,
       r.bot,
       r.category,
       r.country,
       r.developer,
       f.to_conversation,
       f.to_checkout,
       f.to_payment,
       count(*) as bots
from registered r
left join firsts f on f.bot_key = r.bot_key
group by all
