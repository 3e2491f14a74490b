-- Microseconds from entry to each step, of conversations whose window is over and that reached
-- the checkout within it.
with units as (
    select c.started_at,
           c.checkout_at,
           c.paid_at,
           c.platform,
           c.bot_id as bot,
           b.category,
           coalesce(c.country, b.country) as country,
           b.developer_id as developer,
           c.acquisition,
           c.path,
           c.credential,
           c.provider
    from conversations c
    left join (select bot_key, category, country, developer_id from bots where $use_bot::boolean) b
        on b.bot_key = c.bot_key
    where c.mode = $mode::varchar
      and c.started_at >= $from::timestamp
      and c.started_at < $to::timestamp
      and c.started_at <= $open_after::timestamp
      and epoch_us(c.checkout_at) - epoch_us(c.started_at) <= $window::bigint
)
select (epoch_us(started_at) - $origin::bigint) // $cell::bigint as cell,
       case when $by_platform::boolean then units.platform end as platform,
       case when $by_bot::boolean then units.bot end as bot,
       case when $by_category::boolean then units.category end as category,
       case when $by_country::boolean then units.country end as country,
       case when $by_developer::boolean then units.developer end as developer,
       case when $by_acquisition::boolean then units.acquisition end as acquisition,
       case when $by_path::boolean then units.path end as path,
       case when $by_credential::boolean then units.credential end as credential,
       case when $by_provider::boolean then units.provider end as provider,
       epoch_us(checkout_at) - epoch_us(started_at) as to_checkout,
       case when epoch_us(paid_at) - epoch_us(started_at) <= $window::bigint
            then epoch_us(paid_at) - epoch_us(started_at) end as to_paid
from units
where kept(units.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(units.bot, $bot::varchar[], $bot_not::varchar[])
  and kept(units.category, $category::varchar[], $category_not::varchar[])
  and kept(units.country, $country::varchar[], $country_not::varchar[])
  and kept(units.developer, $developer::varchar[], $developer_not::varchar[])
  and kept(units.acquisition, $acquisition::varchar[], $acquisition_not::varchar[])
  and kept(units.path, $path::varchar[], $path_not::varchar[])
  and kept(units.credential, $credential::varchar[], $credential_not::varchar[])
  and kept(units.provider, $provider::varchar[], $provider_not::varchar[])
