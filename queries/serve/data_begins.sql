-- The first moment that the facts of some platforms and of a mode tell of. Bots have no mode: live stands for them.
select epoch_us(min(first)) as first
from (
    select min(s.since) as first
    from bot_spans s
    join bots b on b.bot_key = s.bot_key
    where s.kind = 'member'
      and $mode::varchar = 'live'
      and ($platform::varchar[] is null or b.platform in $platform::varchar[])
    union all
    select min(started_at)
    from conversations
    where mode = $mode::varchar
      and ($platform::varchar[] is null or platform in $platform::varchar[])
    union all
    select min(first_fact_at)
    from payments
    where mode = $mode::varchar
      and ($platform::varchar[] is null or platform in $platform::varchar[])
) begins
