-- For each group and each mark, the first instant at which the population stood at or above it. All that
-- happens at one instant counts together: a bot that leaves makes room for one that enters.
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
    where true
      and ($platform::varchar[] is null or coalesce(b.platform, '') in $platform::varchar[])
      and ($platform_not::varchar[] is null or coalesce(b.platform, '') not in $platform_not::varchar[])
      and ($category::varchar[] is null or coalesce(b.category, '') in $category::varchar[])
      and ($category_not::varchar[] is null or coalesce(b.category, '') not in $category_not::varchar[])
      and ($country::varchar[] is null or coalesce(b.country, '') in $country::varchar[])
      and ($country_not::varchar[] is null or coalesce(b.country, '') not in $country_not::varchar[])
      and ($developer::varchar[] is null or coalesce(b.developer_id, '') in $developer::varchar[])
      and ($developer_not::varchar[] is null or coalesce(b.developer_id, '') not in $developer_not::varchar[])
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
       epoch_us(min(time) filter (population >= mark)) as reached_at
from levels, marks
group by platform, category, country, developer, mark
