-- A payment's activity is dated by the payment's latest event: a late one may attribute it to a bot,
-- so that as of an earlier moment the day has to be folded again.
with near as (
    select coalesce(r.root, l.payment_key) as payment_key, l.mode, l.time, l.received_at
    from payment_log l
    left join payment_roots r using (payment_key)
    where (l.time::date - date '1970-01-01')::integer in (select day from touched_days)
      and kind in (
          'transaction.initiated', 'transaction.authorized', 'transaction.captured',
          'transaction.requires_action', 'transaction.failed'
      )
),
named as (
    select distinct l.bot_key, coalesce(r.root, l.payment_key) as payment_key
    from payment_log l
    left join payment_roots r using (payment_key)
    where coalesce(r.root, l.payment_key) in (select payment_key from near) and l.bot_key is not null
),
moves as (
    select
        n.bot_key, l.mode, (l.time::date - date '1970-01-01')::integer as day,
        (hour(l.time) * 4 + minute(l.time) // 15)::integer as quarter,
        coalesce(p.bot_key = n.bot_key, false) as attributed,
        l.received_at,
        p.last_received
    from named n
    join payments p using (payment_key)
    join near l using (payment_key)
)
select a.bot_key, a.mode, a.day, a.low, a.high,
       epoch_us(a.received_at) as first_received, epoch_us(a.received_at) as last_received
from activity_log a
semi join touched_days t on t.bot_key = a.bot_key and t.day = a.day
union all
select m.bot_key, m.mode, m.day,
       case when m.attributed and m.quarter < 48 then 1::bigint << m.quarter else 0 end,
       case when m.attributed and m.quarter >= 48 then 1::bigint << (m.quarter - 48) else 0 end,
       epoch_us(m.received_at), epoch_us(m.last_received)
from moves m
semi join touched_days t on t.bot_key = m.bot_key and t.day = m.day
