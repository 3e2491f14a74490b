-- Users whose first activity ever lies in the range, counted by the bucket of that activity (`cohort`) and by
-- each bucket in which they were active. `$edges` are the beginnings of the buckets, in order.
with edges as (
    select unnest($edges::bigint[]) as edge,
           unnest($bucket::bigint[]) as bucket
),
activity as (
    -- Logs keep no messages. No view of the past stands before this table.
    select coalesce(e.user_key, c.user_key) as user_key, epoch_us(e.time) as instant
    from events e
    left join conversation_roots n on n.alias_key = e.conversation_key
    left join (select conversation_key, user_key from conversations where mode = 'live') c
        on c.conversation_key = coalesce(n.root, e.conversation_key)
    where (e.kind in ('conversation.started', 'catalog.viewed', 'product.viewed', 'cart.updated', 'checkout.started')
           or (e.kind = 'conversation.message' and e.direction = 'in'))
      and e.mode = $mode::varchar
      and e.time < $to::timestamp
      and e.received_at <= $heard::timestamp
    union all
    -- A payment belongs together: whose it is does not depend on what this event names.
    select p.user_key, epoch_us(l.time)
    from payment_log l
    left join payment_roots r using (payment_key)
    join payments p on p.payment_key = coalesce(r.root, l.payment_key)
    where l.kind in ('transaction.initiated', 'transaction.requires_action', 'transaction.authorized',
                     'transaction.captured', 'transaction.failed')
      and p.mode = $mode::varchar
      and l.time < $to::timestamp
),
users as (
    select user_key, min(instant) as first
    from activity
    where user_key is not null
    group by user_key
    having max(instant) >= epoch_us($from::timestamp)
),
-- A user is one of a bot: whatever names the user names that bot.
owners as (
    select user_key, any_value(bot_key) as bot_key
    from events
    where user_key is not null and bot_key is not null and received_at <= $heard::timestamp
    group by user_key
),
known as (
    select u.user_key, u.first, o.bot_key
    from users u
    left join owners o using (user_key)
),
starts as (
    select k.*, e.bucket as cohort
    from known k
    asof join edges e on k.first >= e.edge
    where k.first >= epoch_us($from::timestamp)
),
visits as (
    select distinct s.user_key, e.bucket
    from (select a.user_key, a.instant from activity a semi join starts k on k.user_key = a.user_key) s
    asof join edges e on s.instant >= e.edge
)
select s.cohort, v.bucket, s.bot_key, count(*) as users
from starts s
join visits v on v.user_key = s.user_key
group by all
union all
-- Who was active, but not for the first time, is in no cohort, yet their groups have rows.
select distinct null::bigint, null::bigint, bot_key, 0
from known
