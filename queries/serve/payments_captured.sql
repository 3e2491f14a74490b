-- One row per payment first captured in the range: who paid, how, and whether it was refunded
-- within 60 days or charged back within 120. `second_at` is the user's second captured payment
-- ever, where there is one.
with captured as (
    select p.first_capture_at,
           p.first_refund_at,
           p.first_chargeback_at,
           p.user_key,
           p.bot_key,
           p.currency,
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
    from payments p
    left join (select conversation_key, mode, country, acquisition from conversations where $use_conversation::boolean) c
        on c.conversation_key = p.conversation_key and c.mode = p.mode
    left join (select bot_key, category, country, developer_id from bots where $use_bot::boolean) b
        on b.bot_key = p.bot_key
    where p.mode = $mode::varchar
      and p.first_capture_at >= $from::timestamp
      and p.first_capture_at < $to::timestamp
),
repeaters as (
    select user_key, min(first_capture_at, 2)[2] as second_at
    from payments
    where mode = $mode::varchar
      and first_capture_at < $to::timestamp
      and user_key in (select user_key from captured)
    group by user_key
    having count(*) > 1
)
select (epoch_us(first_capture_at) - $origin::bigint) // $cell::bigint as cell,
       case when $by_platform::boolean then captured.platform end as platform,
       case when $by_bot::boolean then captured.bot end as bot,
       case when $by_category::boolean then captured.category end as category,
       case when $by_country::boolean then captured.country end as country,
       case when $by_developer::boolean then captured.developer end as developer,
       case when $by_acquisition::boolean then captured.acquisition end as acquisition,
       case when $by_path::boolean then captured.path end as path,
       case when $by_credential::boolean then captured.credential end as credential,
       case when $by_provider::boolean then captured.provider end as provider,
       case when $by_network::boolean then captured.network end as network,
       case when $by_method::boolean then captured.method end as method,
       case when $by_wallet::boolean then captured.wallet end as wallet,
       case when $original::boolean then currency end as currency,
       currency as paid_in,
       epoch_us(first_capture_at) // 86400000000 as rate_day,
       captured.user_key,
       captured.bot_key,
       case captured.credential when 'saved' then 1 when 'new' then 0 end::bigint as saved,
       coalesce(first_refund_at <= first_capture_at + interval 60 days, false)::bigint as refunded,
       coalesce(first_chargeback_at <= first_capture_at + interval 120 days, false)::bigint as disputed,
       epoch_us(second_at) as second_at
from captured
left join repeaters on repeaters.user_key = captured.user_key
where kept(captured.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(captured.bot, $bot::varchar[], $bot_not::varchar[])
  and kept(captured.category, $category::varchar[], $category_not::varchar[])
  and kept(captured.country, $country::varchar[], $country_not::varchar[])
  and kept(captured.developer, $developer::varchar[], $developer_not::varchar[])
  and kept(captured.acquisition, $acquisition::varchar[], $acquisition_not::varchar[])
  and kept(captured.path, $path::varchar[], $path_not::varchar[])
  and kept(captured.credential, $credential::varchar[], $credential_not::varchar[])
  and kept(captured.provider, $provider::varchar[], $provider_not::varchar[])
  and kept(captured.network, $network::varchar[], $network_not::varchar[])
  and kept(captured.method, $method::varchar[], $method_not::varchar[])
  and kept(captured.wallet, $wallet::varchar[], $wallet_not::varchar[])
