-- Spans of life that touch the range: membership, suspension and payments enabled, with the
-- latest attributes of their bot. The span that ends at the first edge still counts at it.
select case s.kind when 'member' then 0 when 'suspended' then 1 else 2 end::bigint as kind,
       case s.entry when 'reinstated' then 1 else 0 end::bigint as reinstated,
       b.inferred::bigint as inferred,
       epoch_us(s.since) as since,
       epoch_us(s.until) as until,
       case when $by_platform::boolean then b.platform end as platform,
       case when $by_category::boolean then b.category end as category,
       case when $by_country::boolean then b.country end as country,
       case when $by_developer::boolean then b.developer_id end as developer
from bot_spans s
join bots b on b.bot_key = s.bot_key
where s.kind in ('member', 'suspended', 'payment_enabled')
  and s.since < $to::timestamp
  and (s.until is null or s.until >= $from::timestamp)
  and ($platform::varchar[] is null or coalesce(b.platform, '') in $platform::varchar[])
  and ($platform_not::varchar[] is null or coalesce(b.platform, '') not in $platform_not::varchar[])
  and ($category::varchar[] is null or coalesce(b.category, '') in $category::varchar[])
  and ($category_not::varchar[] is null or coalesce(b.category, '') not in $category_not::varchar[])
  and ($country::varchar[] is null or coalesce(b.country, '') in $country::varchar[])
  and ($country_not::varchar[] is null or coalesce(b.country, '') not in $country_not::varchar[])
  and ($developer::varchar[] is null or coalesce(b.developer_id, '') in $developer::varchar[])
  and ($developer_not::varchar[] is null or coalesce(b.developer_id, '') not in $developer_not::varchar[])
