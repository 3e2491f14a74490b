-- Money that moved in the range and chargebacks, summed by cell, currency and day of the exchange
-- rate. What is not in the reporting currency is kept per payment, so that payments left out can
-- be counted. Sums come in two halves of 32 bits: neither can overflow 64.
with moved as (
    select case when $cohort::boolean and m.kind <> 'capture' then m.rate_at
                else m."at" end as happened_at,
           m.kind,
           m.minor,
           m.payment_key,
           m.currency,
           m.exponent,
           epoch_us(m.rate_at) // 86400000000 as rate_day,
           m.platform,
           m.bot_id as bot,
           m.path,
           m.credential,
           coalesce(c.country, b.country) as country,
           m.provider,
           coalesce(m.network, case when m.method is null or contains(m.method, 'card') then 'unknown' else 'none' end) as network,
           coalesce(m.method, 'unknown') as method,
           coalesce(m.wallet, case when m.method is null then 'unknown' else 'none' end) as wallet
    from payment_movements m
    left join (select conversation_key, mode, country from conversations where $use_country::boolean) c
        on c.conversation_key = m.conversation_key and c.mode = m.mode
    left join (select bot_key, country from bots where $use_country::boolean) b on b.bot_key = m.bot_key
    where m.mode = $mode::varchar
      and ($cohort::boolean or m."at" >= $from::timestamp and m."at" < $to::timestamp)
)
select (epoch_us(happened_at) - $origin::bigint) // $cell::bigint as cell,
       kind,
       case when $by_platform::boolean then moved.platform end as platform,
       case when $by_bot::boolean then moved.bot end as bot,
       case when $by_path::boolean then moved.path end as path,
       case when $by_credential::boolean then moved.credential end as credential,
       case when $by_country::boolean then moved.country end as country,
       case when $by_provider::boolean then moved.provider end as provider,
       case when $by_network::boolean then moved.network end as network,
       case when $by_method::boolean then moved.method end as method,
       case when $by_wallet::boolean then moved.wallet end as wallet,
       currency,
       exponent::bigint as exponent,
       rate_day,
       case when not $original::boolean and currency is distinct from $currency::varchar then payment_key end as foreign_key,
       count(*) as movements,
       coalesce(sum(minor >> 32), 0)::bigint as minor_high,
       coalesce(sum(minor & 4294967295), 0)::bigint as minor_low
from moved
where happened_at >= $from::timestamp
  and happened_at < $to::timestamp
  and ($platform::varchar[] is null or coalesce(moved.platform, '') in $platform::varchar[])
  and ($platform_not::varchar[] is null or coalesce(moved.platform, '') not in $platform_not::varchar[])
  and ($bot::varchar[] is null or coalesce(moved.bot, '') in $bot::varchar[])
  and ($bot_not::varchar[] is null or coalesce(moved.bot, '') not in $bot_not::varchar[])
  and ($path::varchar[] is null or coalesce(moved.path, '') in $path::varchar[])
  and ($path_not::varchar[] is null or coalesce(moved.path, '') not in $path_not::varchar[])
  and ($credential::varchar[] is null or coalesce(moved.credential, '') in $credential::varchar[])
  and ($credential_not::varchar[] is null or coalesce(moved.credential, '') not in $credential_not::varchar[])
  and ($country::varchar[] is null or coalesce(moved.country, '') in $country::varchar[])
  and ($country_not::varchar[] is null or coalesce(moved.country, '') not in $country_not::varchar[])
  and ($provider::varchar[] is null or coalesce(moved.provider, '') in $provider::varchar[])
  and ($provider_not::varchar[] is null or coalesce(moved.provider, '') not in $provider_not::varchar[])
  and ($network::varchar[] is null or coalesce(moved.network, '') in $network::varchar[])
  and ($network_not::varchar[] is null or coalesce(moved.network, '') not in $network_not::varchar[])
  and ($method::varchar[] is null or coalesce(moved.method, '') in $method::varchar[])
  and ($method_not::varchar[] is null or coalesce(moved.method, '') not in $method_not::varchar[])
  and ($wallet::varchar[] is null or coalesce(moved.wallet, '') in $wallet::varchar[])
  and ($wallet_not::varchar[] is null or coalesce(moved.wallet, '') not in $wallet_not::varchar[])
group by all
