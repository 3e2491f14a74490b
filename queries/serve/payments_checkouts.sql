-- Checkouts begun in the range whose window is over, by cell, and how many were paid within it.
with units as (
    select g.started_at as time,
           g.platform,
           g.bot_id as bot,
           g.path,
           g.credential,
           coalesce(g.country, b.country) as country,
           g.paid_at <= g.started_at + to_microseconds($window::bigint) as paid
    from checkouts g
    left join (select bot_key, country from bots where $use_country::boolean) b on b.bot_key = g.bot_key
    where g.mode = $mode::varchar
      and g.started_at >= $from::timestamp
      and g.started_at < $to::timestamp
      and g.started_at + to_microseconds($window::bigint) <= $as_of::timestamp
)
select (epoch_us(time) - $origin::bigint) // $cell::bigint as cell,
       case when $by_platform::boolean then units.platform end as platform,
       case when $by_bot::boolean then units.bot end as bot,
       case when $by_path::boolean then units.path end as path,
       case when $by_credential::boolean then units.credential end as credential,
       case when $by_country::boolean then units.country end as country,
       count(*) as checkouts,
       count(*) filter (paid) as paid
from units
where true
  and ($platform::varchar[] is null or coalesce(units.platform, '') in $platform::varchar[])
  and ($platform_not::varchar[] is null or coalesce(units.platform, '') not in $platform_not::varchar[])
  and ($bot::varchar[] is null or coalesce(units.bot, '') in $bot::varchar[])
  and ($bot_not::varchar[] is null or coalesce(units.bot, '') not in $bot_not::varchar[])
  and ($path::varchar[] is null or coalesce(units.path, '') in $path::varchar[])
  and ($path_not::varchar[] is null or coalesce(units.path, '') not in $path_not::varchar[])
  and ($credential::varchar[] is null or coalesce(units.credential, '') in $credential::varchar[])
  and ($credential_not::varchar[] is null or coalesce(units.credential, '') not in $credential_not::varchar[])
  and ($country::varchar[] is null or coalesce(units.country, '') in $country::varchar[])
  and ($country_not::varchar[] is null or coalesce(units.country, '') not in $country_not::varchar[])
group by all
