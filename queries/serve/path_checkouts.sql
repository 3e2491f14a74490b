-- Checkouts begun in the range, by cell, path and credential, and by what their rates are adjusted for:
-- platform, country and month of the asked zone (`$months`: the first instants of its months, in
-- microseconds). `closed` are those whose window is over, `paid` of these were paid within it.
with months as (
    select unnest($months::bigint[]) as month
),
begun as (
    select epoch_us(g.started_at) as time,
           g.platform,
           g.bot_id as bot,
           g.path,
           g.credential,
           coalesce(g.country, b.country) as country,
           g.started_at <= $open_after::timestamp as closed,
           epoch_us(g.paid_at) - epoch_us(g.started_at) <= $window::bigint as paid
    from checkouts g
    left join (select bot_key, country from bots) b on b.bot_key = g.bot_key
    where g.mode = $mode::varchar
      and g.started_at >= $from::timestamp
      and g.started_at < $to::timestamp
),
units as (
    select begun.*, months.month
    from begun asof join months on begun.time >= months.month
)
select (time - $origin::bigint) // $cell::bigint as cell,
       month,
       units.platform as own_platform,
       units.country as own_country,
       units.path as own_path,
       units.credential as own_credential,
       case when $by_platform::boolean then units.platform end as platform,
       case when $by_bot::boolean then units.bot end as bot,
       case when $by_country::boolean then units.country end as country,
       case when $by_path::boolean then units.path end as path,
       case when $by_credential::boolean then units.credential end as credential,
       count(*) as checkouts,
       count(*) filter (closed) as closed,
       count(*) filter (closed and paid) as paid
from units
where true
  and ($platform::varchar[] is null or coalesce(units.platform, '') in $platform::varchar[])
  and ($platform_not::varchar[] is null or coalesce(units.platform, '') not in $platform_not::varchar[])
  and ($bot::varchar[] is null or coalesce(units.bot, '') in $bot::varchar[])
  and ($bot_not::varchar[] is null or coalesce(units.bot, '') not in $bot_not::varchar[])
  and ($country::varchar[] is null or coalesce(units.country, '') in $country::varchar[])
  and ($country_not::varchar[] is null or coalesce(units.country, '') not in $country_not::varchar[])
  and ($path::varchar[] is null or coalesce(units.path, '') in $path::varchar[])
  and ($path_not::varchar[] is null or coalesce(units.path, '') not in $path_not::varchar[])
  and ($credential::varchar[] is null or coalesce(units.credential, '') in $credential::varchar[])
  and ($credential_not::varchar[] is null or coalesce(units.credential, '') not in $credential_not::varchar[])
group by all
