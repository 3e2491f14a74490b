-- Bots that entered and left the population before the end of the range, as one signed sum a cell:
-- what happened before the range is cell -1.
with changes as (
    select since as happened_at, 1 as change, bot_key from bot_spans where kind = 'member'
    union all
    select until, -1, bot_key from bot_spans where kind = 'member' and until is not null
)
select case when happened_at < $from::timestamp then -1
            else (epoch_us(happened_at) - $origin::bigint) // $cell::bigint end as cell,
       case when $by_platform::boolean then b.platform end as platform,
       case when $by_country::boolean then b.country end as country,
       sum(change)::bigint as change
from changes
join bots b on b.bot_key = changes.bot_key
where $asked::boolean
  and happened_at < $to::timestamp
  and kept(b.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(b.country, $country::varchar[], $country_not::varchar[])
group by all
