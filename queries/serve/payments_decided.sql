-- Payments by the cell of their first attempt that was approved or declined, and whether they were
-- captured; with the amount of that attempt.
with decided as (
    select payment_key, decided_at, minor
    from payment_attempts
    where first_counted
      and decided_at >= $from::timestamp
      and decided_at < $to::timestamp
),
payers as (
    select d.decided_at,
           d.minor,
           p.first_capture_at is not null as captured,
           p.currency,
           p.exponent,
           epoch_us(coalesce(p.first_capture_at, p.first_fact_at)) // 86400000000 as rate_day,
           p.platform,
           p.bot_id as bot,
           p.path,
           p.credential,
           b.category,
           coalesce(c.country, b.country) as country,
           b.developer_id as developer,
           c.acquisition,
           p.provider,
           coalesce(p.network, case when p.method is null or contains(p.method, 'card') then 'unknown' else 'none' end) as network,
           coalesce(p.method, 'unknown') as method,
           coalesce(p.wallet, case when p.method is null then 'unknown' else 'none' end) as wallet
    from decided d
    join payments p on p.payment_key = d.payment_key
    left join (select conversation_key, mode, country, acquisition from conversations where $use_conversation::boolean) c
        on c.conversation_key = p.conversation_key and c.mode = p.mode
    left join (select bot_key, category, country, developer_id from bots where $use_bot::boolean) b
        on b.bot_key = p.bot_key
    where p.mode = $mode::varchar
)
select (epoch_us(decided_at) - $origin::bigint) // $cell::bigint as cell,
       captured::bigint as captured,
       case when $by_platform::boolean then payers.platform end as platform,
       case when $by_bot::boolean then payers.bot end as bot,
       case when $by_category::boolean then payers.category end as category,
       case when $by_country::boolean then payers.country end as country,
       case when $by_developer::boolean then payers.developer end as developer,
       case when $by_acquisition::boolean then payers.acquisition end as acquisition,
       case when $by_path::boolean then payers.path end as path,
       case when $by_credential::boolean then payers.credential end as credential,
       case when $by_provider::boolean then payers.provider end as provider,
       case when $by_network::boolean then payers.network end as network,
       case when $by_method::boolean then payers.method end as method,
       case when $by_wallet::boolean then payers.wallet end as wallet,
       currency,
       exponent::bigint as exponent,
       rate_day,
       count(*) as payments,
       coalesce(sum(minor >> 32), 0)::bigint as minor_high,
       coalesce(sum(minor & 4294967295), 0)::bigint as minor_low
from payers
where kept(payers.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(payers.bot, $bot::varchar[], $bot_not::varchar[])
  and kept(payers.category, $category::varchar[], $category_not::varchar[])
  and kept(payers.country, $country::varchar[], $country_not::varchar[])
  and kept(payers.developer, $developer::varchar[], $developer_not::varchar[])
  and kept(payers.acquisition, $acquisition::varchar[], $acquisition_not::varchar[])
  and kept(payers.path, $path::varchar[], $path_not::varchar[])
  and kept(payers.credential, $credential::varchar[], $credential_not::varchar[])
  and kept(payers.provider, $provider::varchar[], $provider_not::varchar[])
  and kept(payers.network, $network::varchar[], $network_not::varchar[])
  and kept(payers.method, $method::varchar[], $method_not::varchar[])
  and kept(payers.wallet, $wallet::varchar[], $wallet_not::varchar[])
group by all
