-- Captured amounts, summed by cell, currency and day of the exchange rate, in two halves of 32 bits:
-- neither sum can overflow 64.
with captured as (
    select m."at" as happened_at,
           m.currency,
           epoch_us(m.rate_at) // 86400000000 as rate_day,
           m.minor,
           m.platform,
           coalesce(c.country, b.country) as country
    from payment_movements m
    left join (select conversation_key, mode, country from conversations where $use_country::boolean) c
        on c.conversation_key = m.conversation_key and c.mode = m.mode
    left join (select bot_key, country from bots where $use_country::boolean) b on b.bot_key = m.bot_key
    where $asked::boolean
      and m.kind = 'capture'
      and m.mode = $mode::varchar
      and m."at" >= $from::timestamp
      and m."at" < $to::timestamp
)
select (epoch_us(happened_at) - $origin::bigint) // $cell::bigint as cell,
       case when $by_platform::boolean then captured.platform end as platform,
       case when $by_country::boolean then captured.country end as country,
       currency,
       rate_day,
       coalesce(sum(minor >> 32), 0)::bigint as minor_high,
       coalesce(sum(minor & 4294967295), 0)::bigint as minor_low
from captured
where kept(captured.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(captured.country, $country::varchar[], $country_not::varchar[])
group by all
