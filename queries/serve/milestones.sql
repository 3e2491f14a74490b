-- For each group and each mark, the first instant at which the population stood at or above it, and the highest
-- that it ever stood. All that happens at one instant counts together: a bot that leaves makes room for one that
-- enters.
with turns as (
    select s.bot_key, s.since as time, 1 as step
    from bot_spans s
    where s.kind = 'member' and s.since < $to::timestamp
    union all
    select s.bot_key, s.until, -1
    from bot_spans s
    where s.kind = 'member' and s.until < $to::timestamp
),
moments as (
    select t.time,
           case when $by_platform::boolean then b.platform end as platform,
           case when $by_category::boolean then b.category end as category,
           case when $by_country::boolean then b.country end as country,
           case when $by_developer::boolean then b.developer_id end as developer,
           sum(t.step) as step
    from turns t
    join bots b on b.bot_key = t.bot_key
    where kept(b.platform, $platform::varchar[], $platform_not::varchar[])
      and kept(b.category, $category::varchar[], $category_not::varchar[])
      and kept(b.country, $country::varchar[], $country_not::varchar[])
      and kept(b.developer_id, $developer::varchar[], $developer_not::varchar[])
    group by all
),
levels as (
    select *,
           sum(step) over (
               partition by platform, category, country, developer order by time
           ) as population
    from moments
),
marks as (
    select unnest($marks::bigint[]) as mark
)
select platform,
       category,
       country,
       developer,
       mark,
       epoch_us(min(time) filter (population >= mark)) as reached_at,
       max(population)::bigint as peak
from levels, marks
group by platform, category, country, developer, mark
