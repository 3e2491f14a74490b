select
    n.bot_key,
    epoch_us(min(p.first_capture_at) filter (where p.bot_key = n.bot_key and p.mode = 'live')) as first_capture_at,
    epoch_us(max(p.last_received)) as last_received
from (
    select distinct l.bot_key, coalesce(r.root, l.payment_key) as payment_key
    from payment_log l
    left join payment_roots r using (payment_key)
    where l.bot_key in (select key from touched_bots)
) n
join payments p using (payment_key)
group by n.bot_key
