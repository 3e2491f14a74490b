-- Payments counted by cell of their first capture.
with captured as (
    select p.first_capture_at, p.platform, coalesce(c.country, b.country) as country
    from payments p
    left join (select conversation_key, mode, country from conversations where $use_country::boolean) c
        on c.conversation_key = p.conversation_key and c.mode = p.mode
    left join (select bot_key, country from bots where $use_country::boolean) b on b.bot_key = p.bot_key
    where $asked::boolean
      and p.mode = $mode::varchar
      and p.first_capture_at >= $from::timestamp
      and p.first_capture_at < $to::timestamp
)
select (epoch_us(first_capture_at) - $origin::bigint) // $cell::bigint as cell,
       case when $by_platform::boolean then captured.platform end as platform,
       case when $by_country::boolean then captured.country end as country,
       count(*) as payments
from captured
where kept(captured.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(captured.country, $country::varchar[], $country_not::varchar[])
group by all
