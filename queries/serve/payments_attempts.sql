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
           b.category,
           coalesce(c.country, b.country) as country,
           b.developer_id as developer,
           c.acquisition,
           a.provider,
           coalesce(a.network, case when a.method is null or contains(a.method, 'card') then 'unknown' else 'none' end) as network,
           coalesce(a.method, 'unknown') as method,
           coalesce(a.wallet, case when a.method is null then 'unknown' else 'none' end) as wallet
    from payment_attempts a
    left join (select conversation_key, mode, country, acquisition from conversations where $use_conversation::boolean) c
        on c.conversation_key = a.conversation_key and c.mode = a.mode
    left join (select bot_key, category, country, developer_id from bots where $use_bot::boolean) b
        on b.bot_key = a.bot_key
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
       case when $by_category::boolean then attempts.category end as category,
       case when $by_country::boolean then attempts.country end as country,
       case when $by_developer::boolean then attempts.developer end as developer,
       case when $by_acquisition::boolean then attempts.acquisition end as acquisition,
       case when $by_path::boolean then attempts.path end as path,
       case when $by_credential::boolean then attempts.credential end as credential,
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
where kept(attempts.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(attempts.bot, $bot::varchar[], $bot_not::varchar[])
  and kept(attempts.category, $category::varchar[], $category_not::varchar[])
  and kept(attempts.country, $country::varchar[], $country_not::varchar[])
  and kept(attempts.developer, $developer::varchar[], $developer_not::varchar[])
  and kept(attempts.acquisition, $acquisition::varchar[], $acquisition_not::varchar[])
  and kept(attempts.path, $path::varchar[], $path_not::varchar[])
  and kept(attempts.credential, $credential::varchar[], $credential_not::varchar[])
  and kept(attempts.provider, $provider::varchar[], $provider_not::varchar[])
  and kept(attempts.network, $network::varchar[], $network_not::varchar[])
  and kept(attempts.method, $method::varchar[], $method_not::varchar[])
  and kept(attempts.wallet, $wallet::varchar[], $wallet_not::varchar[])
group by all
