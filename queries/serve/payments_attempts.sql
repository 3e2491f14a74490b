-- Attempts decided in the range, approved or declined, counted and summed by cell, currency and
-- day of the exchange rate; `first` is 1 for the attempt of its payment that finished first, in any way.
with attempts as (
    select a.decided_at,
           a.first,
           a.approved,
           a.minor,
           a.currency,
           a.exponent,
           epoch_us(a.rate_at) // 86400000000 as rate_day,
           a.platform,
           a.bot_id as bot,
           a.path,
           a.credential,
           coalesce(c.country, b.country) as country,
           a.provider,
           coalesce(a.network, case when a.method is null or contains(a.method, 'card') then 'unknown' else 'none' end) as network,
           coalesce(a.method, 'unknown') as method,
           coalesce(a.wallet, case when a.method is null then 'unknown' else 'none' end) as wallet
    from payment_attempts a
    left join (select conversation_key, mode, country from conversations where $use_country::boolean) c
        on c.conversation_key = a.conversation_key and c.mode = a.mode
    left join (select bot_key, country from bots where $use_country::boolean) b on b.bot_key = a.bot_key
    where a.mode = $mode::varchar
      and a.decided_at >= $from::timestamp
      and a.decided_at < $to::timestamp
      and (a.approved or a.failure_kind in ('issuer', 'risk'))
)
select (epoch_us(decided_at) - $origin::bigint) // $cell::bigint as cell,
       first::bigint as first,
       approved::bigint as approved,
       case when $by_platform::boolean then attempts.platform end as platform,
       case when $by_bot::boolean then attempts.bot end as bot,
       case when $by_path::boolean then attempts.path end as path,
       case when $by_credential::boolean then attempts.credential end as credential,
       case when $by_country::boolean then attempts.country end as country,
       case when $by_provider::boolean then attempts.provider end as provider,
       case when $by_network::boolean then attempts.network end as network,
       case when $by_method::boolean then attempts.method end as method,
       case when $by_wallet::boolean then attempts.wallet end as wallet,
       currency,
       exponent::bigint as exponent,
       rate_day,
       count(*) as attempts,
       coalesce(sum(minor >> 32), 0)::bigint as minor_high,
       coalesce(sum(minor & 4294967295), 0)::bigint as minor_low
from attempts
where true
  and ($platform::varchar[] is null or coalesce(attempts.platform, '') in $platform::varchar[])
  and ($platform_not::varchar[] is null or coalesce(attempts.platform, '') not in $platform_not::varchar[])
  and ($bot::varchar[] is null or coalesce(attempts.bot, '') in $bot::varchar[])
  and ($bot_not::varchar[] is null or coalesce(attempts.bot, '') not in $bot_not::varchar[])
  and ($path::varchar[] is null or coalesce(attempts.path, '') in $path::varchar[])
  and ($path_not::varchar[] is null or coalesce(attempts.path, '') not in $path_not::varchar[])
  and ($credential::varchar[] is null or coalesce(attempts.credential, '') in $credential::varchar[])
  and ($credential_not::varchar[] is null or coalesce(attempts.credential, '') not in $credential_not::varchar[])
  and ($country::varchar[] is null or coalesce(attempts.country, '') in $country::varchar[])
  and ($country_not::varchar[] is null or coalesce(attempts.country, '') not in $country_not::varchar[])
  and ($provider::varchar[] is null or coalesce(attempts.provider, '') in $provider::varchar[])
  and ($provider_not::varchar[] is null or coalesce(attempts.provider, '') not in $provider_not::varchar[])
  and ($network::varchar[] is null or coalesce(attempts.network, '') in $network::varchar[])
  and ($network_not::varchar[] is null or coalesce(attempts.network, '') not in $network_not::varchar[])
  and ($method::varchar[] is null or coalesce(attempts.method, '') in $method::varchar[])
  and ($method_not::varchar[] is null or coalesce(attempts.method, '') not in $method_not::varchar[])
  and ($wallet::varchar[] is null or coalesce(attempts.wallet, '') in $wallet::varchar[])
  and ($wallet_not::varchar[] is null or coalesce(attempts.wallet, '') not in $wallet_not::varchar[])
group by all
