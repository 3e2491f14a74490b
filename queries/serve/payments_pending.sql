-- Payments that wait for a decision, by cell of their first fact.
with pending as (
    select p.first_fact_at,
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
      and p.state in ('initiated', 'requires_action')
      and p.first_fact_at >= $from::timestamp
      and p.first_fact_at < $to::timestamp
)
select (epoch_us(first_fact_at) - $origin::bigint) // $cell::bigint as cell,
       case when $by_platform::boolean then pending.platform end as platform,
       case when $by_bot::boolean then pending.bot end as bot,
       case when $by_category::boolean then pending.category end as category,
       case when $by_country::boolean then pending.country end as country,
       case when $by_developer::boolean then pending.developer end as developer,
       case when $by_acquisition::boolean then pending.acquisition end as acquisition,
       case when $by_path::boolean then pending.path end as path,
       case when $by_credential::boolean then pending.credential end as credential,
       case when $by_provider::boolean then pending.provider end as provider,
       case when $by_network::boolean then pending.network end as network,
       case when $by_method::boolean then pending.method end as method,
       case when $by_wallet::boolean then pending.wallet end as wallet,
       case when $original::boolean then currency end as currency,
       count(*) as payments
from pending
where kept(pending.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(pending.bot, $bot::varchar[], $bot_not::varchar[])
  and kept(pending.category, $category::varchar[], $category_not::varchar[])
  and kept(pending.country, $country::varchar[], $country_not::varchar[])
  and kept(pending.developer, $developer::varchar[], $developer_not::varchar[])
  and kept(pending.acquisition, $acquisition::varchar[], $acquisition_not::varchar[])
  and kept(pending.path, $path::varchar[], $path_not::varchar[])
  and kept(pending.credential, $credential::varchar[], $credential_not::varchar[])
  and kept(pending.provider, $provider::varchar[], $provider_not::varchar[])
  and kept(pending.network, $network::varchar[], $network_not::varchar[])
  and kept(pending.method, $method::varchar[], $method_not::varchar[])
  and kept(pending.wallet, $wallet::varchar[], $wallet_not::varchar[])
group by all
