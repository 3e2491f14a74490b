-- Payments that wait for a decision, by cell of their first fact.
with pending as (
    select p.first_fact_at,
           p.currency,
           p.platform,
           p.bot_id as bot,
           p.path,
           p.credential,
           coalesce(c.country, b.country) as country,
           p.provider,
           coalesce(p.network, case when p.method is null or contains(p.method, 'card') then 'unknown' else 'none' end) as network,
           coalesce(p.method, 'unknown') as method,
           coalesce(p.wallet, case when p.method is null then 'unknown' else 'none' end) as wallet
    from payments p
    left join (select conversation_key, mode, country from conversations where $use_country::boolean) c
        on c.conversation_key = p.conversation_key and c.mode = p.mode
    left join (select bot_key, country from bots where $use_country::boolean) b on b.bot_key = p.bot_key
    where p.mode = $mode::varchar
      and p.state in ('initiated', 'requires_action')
      and p.first_fact_at >= $from::timestamp
      and p.first_fact_at < $to::timestamp
)
select (epoch_us(first_fact_at) - $origin::bigint) // $cell::bigint as cell,
       case when $by_platform::boolean then pending.platform end as platform,
       case when $by_bot::boolean then pending.bot end as bot,
       case when $by_path::boolean then pending.path end as path,
       case when $by_credential::boolean then pending.credential end as credential,
       case when $by_country::boolean then pending.country end as country,
       case when $by_provider::boolean then pending.provider end as provider,
       case when $by_network::boolean then pending.network end as network,
       case when $by_method::boolean then pending.method end as method,
       case when $by_wallet::boolean then pending.wallet end as wallet,
       case when $original::boolean then currency end as currency,
       count(*) as payments
from pending
where true
  and ($platform::varchar[] is null or coalesce(pending.platform, '') in $platform::varchar[])
  and ($platform_not::varchar[] is null or coalesce(pending.platform, '') not in $platform_not::varchar[])
  and ($bot::varchar[] is null or coalesce(pending.bot, '') in $bot::varchar[])
  and ($bot_not::varchar[] is null or coalesce(pending.bot, '') not in $bot_not::varchar[])
  and ($path::varchar[] is null or coalesce(pending.path, '') in $path::varchar[])
  and ($path_not::varchar[] is null or coalesce(pending.path, '') not in $path_not::varchar[])
  and ($credential::varchar[] is null or coalesce(pending.credential, '') in $credential::varchar[])
  and ($credential_not::varchar[] is null or coalesce(pending.credential, '') not in $credential_not::varchar[])
  and ($country::varchar[] is null or coalesce(pending.country, '') in $country::varchar[])
  and ($country_not::varchar[] is null or coalesce(pending.country, '') not in $country_not::varchar[])
  and ($provider::varchar[] is null or coalesce(pending.provider, '') in $provider::varchar[])
  and ($provider_not::varchar[] is null or coalesce(pending.provider, '') not in $provider_not::varchar[])
  and ($network::varchar[] is null or coalesce(pending.network, '') in $network::varchar[])
  and ($network_not::varchar[] is null or coalesce(pending.network, '') not in $network_not::varchar[])
  and ($method::varchar[] is null or coalesce(pending.method, '') in $method::varchar[])
  and ($method_not::varchar[] is null or coalesce(pending.method, '') not in $method_not::varchar[])
  and ($wallet::varchar[] is null or coalesce(pending.wallet, '') in $wallet::varchar[])
  and ($wallet_not::varchar[] is null or coalesce(pending.wallet, '') not in $wallet_not::varchar[])
group by all
