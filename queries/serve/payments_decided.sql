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
           coalesce(c.country, b.country) as country,
           p.provider,
           coalesce(p.network, case when p.method is null or contains(p.method, 'card') then 'unknown' else 'none' end) as network,
           coalesce(p.method, 'unknown') as method,
           coalesce(p.wallet, case when p.method is null then 'unknown' else 'none' end) as wallet
    from decided d
    join payments p on p.payment_key = d.payment_key
    left join (select conversation_key, mode, country from conversations where $use_country::boolean) c
        on c.conversation_key = p.conversation_key and c.mode = p.mode
    left join (select bot_key, country from bots where $use_country::boolean) b on b.bot_key = p.bot_key
    where p.mode = $mode::varchar
)
select (epoch_us(decided_at) - $origin::bigint) // $cell::bigint as cell,
       captured::bigint as captured,
       case when $by_platform::boolean then payers.platform end as platform,
       case when $by_bot::boolean then payers.bot end as bot,
       case when $by_path::boolean then payers.path end as path,
       case when $by_credential::boolean then payers.credential end as credential,
       case when $by_country::boolean then payers.country end as country,
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
where true
  and ($platform::varchar[] is null or coalesce(payers.platform, '') in $platform::varchar[])
  and ($platform_not::varchar[] is null or coalesce(payers.platform, '') not in $platform_not::varchar[])
  and ($bot::varchar[] is null or coalesce(payers.bot, '') in $bot::varchar[])
  and ($bot_not::varchar[] is null or coalesce(payers.bot, '') not in $bot_not::varchar[])
  and ($path::varchar[] is null or coalesce(payers.path, '') in $path::varchar[])
  and ($path_not::varchar[] is null or coalesce(payers.path, '') not in $path_not::varchar[])
  and ($credential::varchar[] is null or coalesce(payers.credential, '') in $credential::varchar[])
  and ($credential_not::varchar[] is null or coalesce(payers.credential, '') not in $credential_not::varchar[])
  and ($country::varchar[] is null or coalesce(payers.country, '') in $country::varchar[])
  and ($country_not::varchar[] is null or coalesce(payers.country, '') not in $country_not::varchar[])
  and ($provider::varchar[] is null or coalesce(payers.provider, '') in $provider::varchar[])
  and ($provider_not::varchar[] is null or coalesce(payers.provider, '') not in $provider_not::varchar[])
  and ($network::varchar[] is null or coalesce(payers.network, '') in $network::varchar[])
  and ($network_not::varchar[] is null or coalesce(payers.network, '') not in $network_not::varchar[])
  and ($method::varchar[] is null or coalesce(payers.method, '') in $method::varchar[])
  and ($method_not::varchar[] is null or coalesce(payers.method, '') not in $method_not::varchar[])
  and ($wallet::varchar[] is null or coalesce(payers.wallet, '') in $wallet::varchar[])
  and ($wallet_not::varchar[] is null or coalesce(payers.wallet, '') not in $wallet_not::varchar[])
group by all
