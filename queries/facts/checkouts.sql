-- Checkouts when they were started.
select columns($columns)
from (
    select epoch_us(g.started_at) as time,
           epoch_us(g.paid_at) - epoch_us(g.started_at) as paid_after,
           g.bot_key,
           g.platform,
           g.bot_id as bot,
           g.country,
           c.acquisition,
           g.path,
           g.credential
    from checkouts g
    left join (
        select conversation_key, mode, acquisition from conversations where list_contains($columns, 'acquisition')
    ) c on c.conversation_key = g.conversation_key and c.mode = g.mode
    where g.mode = $mode::varchar
      and g.started_at >= $from::timestamp
      and g.started_at < $to::timestamp
)
