insert into bot_log
with fresh as (
    select bot_key, platform, bot_id, kind, time, received_at, source, id, name, category, country, developer_id,
           payments_enabled
    from events
    where received_at > $after::timestamp and received_at <= $upto::timestamp
      and bot_key is not null
),
groups as (
    select bot_key, received_at, min(platform) as platform, min(bot_id) as bot_id, min(time) as earliest
    from fresh
    group by bot_key, received_at
),
known as (
    select bot_key, min(time) as earliest
    from bot_log
    where bot_key in (select bot_key from groups)
    group by bot_key
),
running as (
    select
        *,
        min(earliest) over (
            partition by bot_key order by received_at rows between unbounded preceding and 1 preceding
        ) as before
    from groups
)
select bot_key, platform, bot_id, kind, time, received_at, source, id, name, category, country, developer_id,
       payments_enabled
from fresh
where kind like 'bot.%'
union all
-- The earliest mention so far, of whatever kind.
select r.bot_key, r.platform, r.bot_id, 'seen', r.earliest, r.received_at, '', '', null, null, null, null, null
from running r
left join known k using (bot_key)
where (r.before is null or r.earliest < r.before) and (k.earliest is null or r.earliest < k.earliest)
