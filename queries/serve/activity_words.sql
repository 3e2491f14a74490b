-- Each bot's active buckets as bits, one word of buckets a row. A slot says which quarter hours
-- of a UTC day belong to which bit of which word. `before` tells bots that were active before
-- the range began, at any time.
with slots as (
    select unnest($word::bigint[]) as word,
           unnest($bit::bigint[]) as bit,
           unnest($day::bigint[])::integer as day,
           unnest($low::bigint[]) as low,
           unnest($high::bigint[]) as high
),
active as (
    select d.bot_key, s.word, bit_or(1::bigint << s.bit) as bits
    from bot_days d
    join slots s on s.day = d.day
    where d.mode = $mode::varchar
      and d.day between $first_day::integer and $last_day::integer
      and ((d.low & s.low) <> 0 or (d.high & s.high) <> 0)
    group by d.bot_key, s.word
),
early as (
    select bot_key
    from bot_days
    where mode = $mode::varchar
      -- A day is kept without a quarter hour where a payment named the bot that turned out to be another's.
      and (day < $from_day::integer and (low <> 0 or high <> 0)
           or day = $from_day::integer and ((low & $from_low::bigint) <> 0 or (high & $from_high::bigint) <> 0))
    group by bot_key
)
select a.bot_key,
       a.word,
       a.bits,
       (e.bot_key is not null)::bigint as before,
       case when $by_platform::boolean then b.platform end as platform,
       case when $by_bot::boolean then b.bot_id end as bot,
       case when $by_category::boolean then b.category end as category,
       case when $by_country::boolean then b.country end as country,
       case when $by_developer::boolean then b.developer_id end as developer
from active a
join bots b on b.bot_key = a.bot_key
left join early e on e.bot_key = a.bot_key
where kept(b.platform, $platform::varchar[], $platform_not::varchar[])
  and kept(b.bot_id, $bot::varchar[], $bot_not::varchar[])
  and kept(b.category, $category::varchar[], $category_not::varchar[])
  and kept(b.country, $country::varchar[], $country_not::varchar[])
  and kept(b.developer_id, $developer::varchar[], $developer_not::varchar[])
