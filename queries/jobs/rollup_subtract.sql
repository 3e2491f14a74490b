insert into conversation_cells
select
    time_bucket(interval 15 minutes, started_at), mode, platform, path,
    -count(*),
    -count(*) filter (checkout_at <= started_at + interval 24 hours),
    -count(*) filter (paid_at <= started_at + interval 24 hours)
from conversations
where conversation_key in (select key from touched_conversations) and started_at is not null
group by all
