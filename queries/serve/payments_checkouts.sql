-- Checkouts begun in the range whose window is over, by cell, and how many were paid within it.
with units as (
    select g.started_at as time,
           g.platform,
           g.bot_id as bot,
           g.path,
           g.credential,
           b.category,
           coalesce(g.country, b.country) as country,
           b.developer_id as developer,
           c.acquisition,
           g.paid_at <= g.started_at + to_microseconds($window::bigint) as paid
    from checkouts g
    left join (select bot_key, category, country, developer_id from bots where $use_bot::boolean) b
        on b.bot_key = g.bot_key
    left join (select conversation_key, mode, acquisition from conversations where $use_acquisition::boolean) c
        on c.conversation_key = g.conversation_key and c.mode = g.mode
    where g.mode = $mode::varchar
      and g.started_at >= $from::timestamp
      and g.started_at < $to::timestamp
      and g.started_at + to_microseconds($window::bigint) <= $as_of::timestamp
)
select (epoch_us(time) - $origin::bigint) // $cell::bigint as cell,
       case when $by_platform::boolean then units.platform end as platform,
       case when $by_bot::boolean then units.bot end as bot,
       case when $by_category::boolean then units.category end as category,
       case when $by_country::boolean then units.country end as country,
       case when $by_developer::boolean then units.developer end as developer,
       case when $by_acquisition::boolean then units.acquisition end as acquisition,
       case when $by_path::boolean then units.path end as path,
       case when $by_credential::boolean then units.credential end as credential,
       count(*) as checkouts,
       count(*) filter (paid) as paid
from units
where kept(units.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(units.bot, $bot::varchar[], $bot_not::varchar[])
  and kept(units.category, $category::varchar[], $category_not::varchar[])
  and kept(units.country, $country::varchar[], $country_not::varchar[])
  and kept(units.developer, $developer::varchar[], $developer_not::varchar[])
  and kept(units.acquisition, $acquisition::varchar[], $acquisition_not::varchar[])
  and kept(units.path, $path::varchar[], $path_not::varchar[])
  and kept(units.credential, $credential::varchar[], $credential_not::varchar[])
group by all
