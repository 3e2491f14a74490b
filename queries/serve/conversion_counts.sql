-- Conversations that entered the funnel, counted by cell of their start: how many there are, and
-- how many reached each step within the window. `open` are those whose window is not over.
with units as (
    select c.started_at,
           c.checkout_at,
           c.paid_at,
           c.platform,
           c.bot_id as bot,
           coalesce(c.country, b.country) as country,
           c.acquisition,
           c.path,
           c.credential,
           c.provider
    from conversations c
    left join (select bot_key, country from bots where $use_country::boolean) b on b.bot_key = c.bot_key
    where c.mode = $mode::varchar
      and c.started_at >= $from::timestamp
      and c.started_at < $to::timestamp
)
select (epoch_us(started_at) - $origin::bigint) // $cell::bigint as cell,
       (started_at > $open_after::timestamp)::bigint as open,
       case when $by_platform::boolean then units.platform end as platform,
       case when $by_bot::boolean then units.bot end as bot,
       case when $by_country::boolean then units.country end as country,
       case when $by_acquisition::boolean then units.acquisition end as acquisition,
       case when $by_path::boolean then units.path end as path,
       case when $by_credential::boolean then units.credential end as credential,
       case when $by_provider::boolean then units.provider end as provider,
       count(*) as entered,
       count(*) filter (epoch_us(checkout_at) - epoch_us(started_at) <= $window::bigint) as checkout,
       count(*) filter (epoch_us(paid_at) - epoch_us(started_at) <= $window::bigint) as paid
from units
where true
  and ($platform::varchar[] is null or coalesce(units.platform, '') in $platform::varchar[])
  and ($platform_not::varchar[] is null or coalesce(units.platform, '') not in $platform_not::varchar[])
  and ($bot::varchar[] is null or coalesce(units.bot, '') in $bot::varchar[])
  and ($bot_not::varchar[] is null or coalesce(units.bot, '') not in $bot_not::varchar[])
  and ($country::varchar[] is null or coalesce(units.country, '') in $country::varchar[])
  and ($country_not::varchar[] is null or coalesce(units.country, '') not in $country_not::varchar[])
  and ($acquisition::varchar[] is null or coalesce(units.acquisition, '') in $acquisition::varchar[])
  and ($acquisition_not::varchar[] is null or coalesce(units.acquisition, '') not in $acquisition_not::varchar[])
  and ($path::varchar[] is null or coalesce(units.path, '') in $path::varchar[])
  and ($path_not::varchar[] is null or coalesce(units.path, '') not in $path_not::varchar[])
  and ($credential::varchar[] is null or coalesce(units.credential, '') in $credential::varchar[])
  and ($credential_not::varchar[] is null or coalesce(units.credential, '') not in $credential_not::varchar[])
  and ($provider::varchar[] is null or coalesce(units.provider, '') in $provider::varchar[])
  and ($provider_not::varchar[] is null or coalesce(units.provider, '') not in $provider_not::varchar[])
group by all
