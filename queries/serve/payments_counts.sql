-- Payments counted by cell of their first capture; those of the 90 days before the range as cell -1.
with captured as (
    select p.first_capture_at,
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
      and p.first_capture_at >= $from::timestamp - interval 90 days
      and p.first_capture_at < $to::timestamp
)
select case when first_capture_at < $from::timestamp then -1
            else (epoch_us(first_capture_at) - $origin::bigint) // $cell::bigint end as cell,
       case when $by_platform::boolean then captured.platform end as platform,
       case when $by_bot::boolean then captured.bot end as bot,
       case when $by_path::boolean then captured.path end as path,
       case when $by_credential::boolean then captured.credential end as credential,
       case when $by_country::boolean then captured.country end as country,
       case when $by_provider::boolean then captured.provider end as provider,
       case when $by_network::boolean then captured.network end as network,
       case when $by_method::boolean then captured.method end as method,
       case when $by_wallet::boolean then captured.wallet end as wallet,
       case when $original::boolean then currency end as currency,
       count(*) as payments
from captured
where true
  and ($platform::varchar[] is null or coalesce(captured.platform, '') in $platform::varchar[])
  and ($platform_not::varchar[] is null or coalesce(captured.platform, '') not in $platform_not::varchar[])
  and ($bot::varchar[] is null or coalesce(captured.bot, '') in $bot::varchar[])
  and ($bot_not::varchar[] is null or coalesce(captured.bot, '') not in $bot_not::varchar[])
  and ($path::varchar[] is null or coalesce(captured.path, '') in $path::varchar[])
  and ($path_not::varchar[] is null or coalesce(captured.path, '') not in $path_not::varchar[])
  and ($credential::varchar[] is null or coalesce(captured.credential, '') in $credential::varchar[])
  and ($credential_not::varchar[] is null or coalesce(captured.credential, '') not in $credential_not::varchar[])
  and ($country::varchar[] is null or coalesce(captured.country, '') in $country::varchar[])
  and ($country_not::varchar[] is null or coalesce(captured.country, '') not in $country_not::varchar[])
  and ($provider::varchar[] is null or coalesce(captured.provider, '') in $provider::varchar[])
  and ($provider_not::varchar[] is null or coalesce(captured.provider, '') not in $provider_not::varchar[])
  and ($network::varchar[] is null or coalesce(captured.network, '') in $network::varchar[])
  and ($network_not::varchar[] is null or coalesce(captured.network, '') not in $network_not::varchar[])
  and ($method::varchar[] is null or coalesce(captured.method, '') in $method::varchar[])
  and ($method_not::varchar[] is null or coalesce(captured.method, '') not in $method_not::varchar[])
  and ($wallet::varchar[] is null or coalesce(captured.wallet, '') in $wallet::varchar[])
  and ($wallet_not::varchar[] is null or coalesce(captured.wallet, '') not in $wallet_not::varchar[])
group by all
