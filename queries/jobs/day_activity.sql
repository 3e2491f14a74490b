-- A bot's day is all its activity of a UTC day, and of each mode; it is united here, since many payments of a bot may have
-- been active on a day. A payment's activity is dated by the payment's latest event: a late one may attribute it to a bot,
-- so that as of an earlier moment the day has to be folded again.
insert into found_days
with near as (
    select
        coalesce(r.root, l.payment_key) as payment_key, l.mode, (l.time::date - date '1970-01-01')::integer as day,
        (hour(l.time) * 4 + minute(l.time) // 15)::integer as quarter, l.received_at
    from payment_log l
    left join payment_roots r using (payment_key)
    where (l.time::date - date '1970-01-01')::integer in (select day from touched_days)
      and kind in (
          'transaction.initiated', 'transaction.authorized', 'transaction.captured',
          'transaction.requires_action', 'transaction.failed'
      )
      and coalesce(r.root, l.payment_key) not in (select key from left_out where kind = 'payment')
),
-- One row per payment and day, before each is joined with all the bots that the payment names.
days as (
    select
        payment_key, mode, day, min(received_at) as received_at,
        bit_or(case when quarter < 48 then 1::bigint << quarter else 0 end) as low,
        bit_or(case when quarter >= 48 then 1::bigint << (quarter - 48) else 0 end) as high
    from near
    group by payment_key, mode, day
),
named as (
    select distinct l.bot_key, coalesce(r.root, l.payment_key) as payment_key
    from payment_log l
    left join payment_roots r using (payment_key)
    where coalesce(r.root, l.payment_key) in (select payment_key from days) and l.bot_key is not null
),
moves as (
    select
        n.bot_key, d.mode, d.day, d.low, d.high, coalesce(p.bot_key = n.bot_key, false) as attributed, d.received_at,
        p.last_received
    from named n
    join payments p using (payment_key)
    join days d using (payment_key)
)
select bot_key, mode, day, bit_or(low), bit_or(high), min(first_received), max(last_received)
from (
    select a.bot_key, a.mode, a.day, a.low, a.high, a.received_at as first_received, a.received_at as last_received
    from activity_log a
    semi join touched_days t on t.bot_key = a.bot_key and t.day = a.day
    union all
    select m.bot_key, m.mode, m.day,
           case when m.attributed then m.low else 0 end,
           case when m.attributed then m.high else 0 end,
           m.received_at, m.last_received
    from moves m
    semi join touched_days t on t.bot_key = m.bot_key and t.day = m.day
)
group by bot_key, mode, day
