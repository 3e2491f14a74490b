-- Spans of life that touch the range: membership, suspension and payments enabled, with the
-- latest attributes of their bot. The span that ends at the first edge still counts at it.
select case s.kind when 'member' then 0 when 'suspended' then 1 else 2 end::bigint as kind,
       case s.entry when 'reinstated' then 1 else 0 end::bigint as reinstated,
       b.inferred::bigint as inferred,
       epoch_us(s.since) as since,
       epoch_us(s.until) as until,
       case when $by_platform::boolean then b.platform end as platform,
       case when $by_bot::boolean then b.bot_id end as bot,
       case when $by_category::boolean then b.category end as category,
       case when $by_country::boolean then b.country end as country,
       case when $by_developer::boolean then b.developer_id end as developer
from bot_spans s
join bots b on b.bot_key = s.bot_key
where s.kind in ('member', 'suspended', 'payment_enabled')
  and s.since < $to::timestamp
  and (s.until is null or s.until >= $from::timestamp)
  and kept(b.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(b.bot_id, $bot::varchar[], $bot_not::varchar[])
  and kept(b.category, $category::varchar[], $category_not::varchar[])
  and kept(b.country, $country::varchar[], $country_not::varchar[])
  and kept(b.developer_id, $developer::varchar[], $developer_not::varchar[])
