select
    n.bot_key,
    epoch_us(min(p.first_capture_at) filter (where p.bot_key = n.bot_key and p.mode = 'live')) as first_capture_at,
    epoch_us(max(p.last_received)) as last_received
from (
    select distinct bot_key, payment_key
    from payment_log
    where bot_key in (select key from touched_bots)
) n
join payments p using (payment_key)
group by n.bot_key
