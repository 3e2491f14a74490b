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
           b.category,
           coalesce(c.country, b.country) as country,
           b.developer_id as developer,
           c.acquisition,
           m.provider,
           coalesce(m.network, case when m.method is null or contains(m.method, 'card') then 'unknown' else 'none' end) as network,
           coalesce(m.method, 'unknown') as method,
           coalesce(m.wallet, case when m.method is null then 'unknown' else 'none' end) as wallet
    from payment_movements m
    left join (select conversation_key, mode, country, acquisition from conversations where $use_conversation::boolean) c
        on c.conversation_key = m.conversation_key and c.mode = m.mode
    left join (select bot_key, category, country, developer_id from bots where $use_bot::boolean) b
        on b.bot_key = m.bot_key
    where m.mode = $mode::varchar
      and ($cohort::boolean or m."at" >= $from::timestamp and m."at" < $to::timestamp)
)
select (epoch_us(happened_at) - $origin::bigint) // $cell::bigint as cell,
       kind,
       case when $by_platform::boolean then moved.platform end as platform,
       case when $by_bot::boolean then moved.bot end as bot,
       case when $by_category::boolean then moved.category end as category,
       case when $by_country::boolean then moved.country end as country,
       case when $by_developer::boolean then moved.developer end as developer,
       case when $by_acquisition::boolean then moved.acquisition end as acquisition,
       case when $by_path::boolean then moved.path end as path,
       case when $by_credential::boolean then moved.credential end as credential,
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
  and kept(moved.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(moved.bot, $bot::varchar[], $bot_not::varchar[])
  and kept(moved.category, $category::varchar[], $category_not::varchar[])
  and kept(moved.country, $country::varchar[], $country_not::varchar[])
  and kept(moved.developer, $developer::varchar[], $developer_not::varchar[])
  and kept(moved.acquisition, $acquisition::varchar[], $acquisition_not::varchar[])
  and kept(moved.path, $path::varchar[], $path_not::varchar[])
  and kept(moved.credential, $credential::varchar[], $credential_not::varchar[])
  and kept(moved.provider, $provider::varchar[], $provider_not::varchar[])
  and kept(moved.network, $network::varchar[], $network_not::varchar[])
  and kept(moved.method, $method::varchar[], $method_not::varchar[])
  and kept(moved.wallet, $wallet::varchar[], $wallet_not::varchar[])
group by all
