-- Quarter hours with activity other than payments, whose bot is known only once they are folded.
insert into activity_log
with fresh as (
    select
        bot_key, mode, received_at,
        (time::date - date '1970-01-01')::integer as day,
        (hour(time) * 4 + minute(time) // 15)::integer as quarter
    from events
    where received_at > $after::timestamp and received_at <= $upto::timestamp
      and bot_key is not null
      and (
          kind in ('conversation.started', 'catalog.viewed', 'product.viewed', 'cart.updated', 'checkout.started')
          or (kind = 'conversation.message' and direction = 'in')
      )
),
marks as (
    select
        bot_key, mode, day, received_at,
        bit_or(case when quarter < 48 then 1::bigint << quarter else 0 end) as low,
        bit_or(case when quarter >= 48 then 1::bigint << (quarter - 48) else 0 end) as high
    from fresh
    group by bot_key, mode, day, received_at
),
known as (
    select bot_key, mode, day, bit_or(low) as low, bit_or(high) as high
    from activity_log
    where day in (select day from marks) and bot_key in (select bot_key from marks)
    group by bot_key, mode, day
),
running as (
    select
        m.*,
        coalesce(bit_or(m.low) over earlier, 0) | coalesce(k.low, 0) as seen_low,
        coalesce(bit_or(m.high) over earlier, 0) | coalesce(k.high, 0) as seen_high
    from marks m
    left join known k on k.bot_key = m.bot_key and k.mode = m.mode and k.day = m.day
    window earlier as (
        partition by m.bot_key, m.mode, m.day order by m.received_at
        rows between unbounded preceding and 1 preceding
    )
)
select bot_key, mode, day, low & ~seen_low, high & ~seen_high, received_at
from running
where low & ~seen_low <> 0 or high & ~seen_high <> 0
