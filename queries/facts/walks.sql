-- How far each unit got in a funnel of any steps. A unit is a conversation, which enters once, or a user,
-- who enters in each bucket. Units that did the same are one row; of closed ones that went on, each is a row
-- of its own, with the microseconds from entry and from the step before.
with recursive
-- Everything that can be a step. `paid` is the first authorized or captured of a payment, `provider` what
-- names the provider of the first payment. What happened before the range matters only where it says that
-- a conversation has entered already.
told as (
    select coalesce(n.root, conversation_key) as conversation_key, user_key, kind, time, source, id, platform, bot_key,
           bot_id, path, credential
    from conversation_log
    left join conversation_roots n on n.alias_key = conversation_key
    where kind in $logged::varchar[]
      -- Only checkouts and payments are marked as tests; what leads to them is not.
      and (mode = $mode::varchar or ($mode::varchar = 'test' and kind <> 'checkout.started'))
      and time <= $last::timestamp
      and (time <= $until::timestamp or kind = 'checkout.started')
      and (time >= $from::timestamp or (kind = $entry::varchar and not $by_user::boolean))
    union all
    -- Logs keep no messages and no ends. No view of the past stands before this table.
    select coalesce(n.root, conversation_key), user_key, kind, time, source, id, platform, bot_key, bot_id, null, null
    from events
    left join conversation_roots n on n.alias_key = conversation_key
    where kind in $spoken::varchar[]
      and (mode = $mode::varchar or $mode::varchar = 'test')
      and conversation_key is not null
      and received_at <= $heard::timestamp
      and time <= $until::timestamp
      and (time >= $from::timestamp or (kind = $entry::varchar and not $by_user::boolean))
    union all
    -- A payment belongs together: whose it is does not depend on what this event names.
    select p.conversation_key, p.user_key, l.kind, l.time, l.source, l.id, p.platform, p.bot_key, p.bot_id, null, null
    from payment_log l
    left join payment_roots r using (payment_key)
    join payments p on p.payment_key = coalesce(r.root, l.payment_key)
    where l.kind in $dealt::varchar[]
      and l.pending is null
      and p.mode = $mode::varchar
      and l.time <= $until::timestamp
      and (l.time >= $from::timestamp or (l.kind = $entry::varchar and not $by_user::boolean))
    union all
    select conversation_key, user_key, 'paid', first_paid_at, provider, payment_id, platform, bot_key, bot_id, null, null
    from payments
    where $use_paid::boolean
      and mode = $mode::varchar
      and first_paid_at <= $until::timestamp
      and (first_paid_at >= $from::timestamp or ($entry::varchar = 'paid' and not $by_user::boolean))
    union all
    select conversation_key, user_key, 'provider', first_fact_at, provider, payment_id, platform, bot_key, bot_id, null, null
    from payments
    where $use_provider::boolean
      and $by_user::boolean
      and mode = $mode::varchar
      and first_fact_at >= $from::timestamp
      and first_fact_at <= $until::timestamp
),
-- An event without a user is its conversation's user's.
owned as (
    select case when $by_user::boolean then coalesce(t.user_key, c.user_key) else t.conversation_key end as unit,
           t.conversation_key, t.kind, epoch_us(t.time) as moment, t.source, t.id,
           t.platform, t.bot_key, t.bot_id, t.path, t.credential
    from told t
    left join (
        select conversation_key, user_key from conversations
        where mode = $mode::varchar and ($by_user::boolean or mode = 'test')
    ) c using (conversation_key)
    where ($mode::varchar = 'live' or t.conversation_key is null or c.conversation_key is not null)
      and coalesce(t.conversation_key, 0) not in (
          select coalesce(n.root, s.key)
          from set_aside s
          left join conversation_roots n on n.alias_key = s.key
          where s.kind = 'conversation'
      )
),
-- Where a type is two steps, its events are numbered, so that none of them is both.
happened as (
    select *, null::bigint as number
    from owned
    where unit is not null and ($repeated::varchar[] is null or kind not in $repeated::varchar[])
    union all
    select *, list_position($repeated::varchar[], kind)::bigint * 1000000000000
              + row_number() over (partition by unit, kind order by moment, source, id) as number
    from owned
    where unit is not null and kind in $repeated::varchar[]
),
edges as (
    select unnest($edges::bigint[]) as edge, unnest(range(len($edges::bigint[]))) as bucket
),
entered as (
    select h.unit, min(e.bucket) as bucket, min(h.moment) as entered_at,
           arg_min(
               {'conversation_key': h.conversation_key, 'platform': h.platform, 'bot_key': h.bot_key,
                'bot_id': h.bot_id, 'number': h.number},
               (h.moment, h.source, h.id)) as entry
    from happened h
    asof join edges e on h.moment >= e.edge
    where h.kind = $entry::varchar
      and h.moment < epoch_us($to::timestamp)
    group by h.unit, case when $by_user::boolean then e.bucket end
),
entries as (
    select *
    from entered
    anti join (
        select unit from happened where kind = $entry::varchar and moment < epoch_us($from::timestamp)
    ) using (unit)
),
later as (
    select unit, kind, moment, number
    from happened
    semi join entries using (unit)
    where moment >= epoch_us($from::timestamp)
),
-- Of what happened at one moment the first.
moments as materialized (
    select unit, kind, moment, min(number) as number
    from later
    group by unit, kind, moment
),
-- What comes next from where a step is, found once for all: a unit of many events is never gone through again for
-- each of its entries.
links as materialized (
    select p.unit, p.step, p.moment as before, m.kind, m.moment, m.number
    from (
        select m.unit, m.moment, s.step, list_extract($steps::varchar[], s.step + 1) as next
        from (select unnest(range(1, len($steps::varchar[]))) as step) s
        join moments m on m.kind = list_extract($steps::varchar[], s.step)
    ) p
    asof join moments m on m.unit = p.unit and m.kind = p.next and m.moment >= p.moment
),
walked as (
    select unit, bucket, entered_at, 1::bigint as step, entered_at as moment, entered_at as before, [entry.number] as used
    from entries
    union all
    select unit, bucket, entered_at, step + 1, moment, before, list_append(used, number)
    from (
        -- Events are numbered in their order: what is not yet used comes after the last one used of its kind.
        select n.unit, n.bucket, n.entered_at, n.step, n.before, n.used,
               coalesce(l.moment, n.nearest) as moment, l.number
        from (
            select w.unit, w.bucket, w.entered_at, w.step, w.moment as before, w.used, k.kind, k.moment as nearest,
                   greatest(
                       k.number,
                       list_max(list_filter(w.used, lambda one: one // 1000000000000 = k.number // 1000000000000)) + 1
                   ) as number
            from walked w
            join links k on k.unit = w.unit and k.step = w.step and k.before = w.moment
        ) n
        left join later l on l.unit = n.unit and l.kind = n.kind and l.number = n.number
        where n.number is null or l.number is not null
    )
    where moment - entered_at <= $window::bigint
),
-- Path and credential are those of the first checkout from the entry on.
told_at as (
    select unit, kind, moment,
           arg_min({'path': path, 'credential': credential}, (source, id)) as checkout,
           min(source) as provider
    from happened
    where ($use_checkout::boolean or $use_provider::boolean) and kind in ('checkout.started', 'provider')
    group by unit, kind, moment
),
firsts as (
    select e.unit, e.bucket,
           any_value(t.checkout) filter (t.kind = 'checkout.started') as checkout,
           any_value(t.provider) filter (t.kind = 'provider') as provider
    from (select unit, bucket, entered_at, unnest(['checkout.started', 'provider']) as kind from entries) e
    asof join told_at t on t.unit = e.unit and t.kind = e.kind and t.moment >= e.entered_at
    where not $by_user::boolean or t.moment - e.entered_at <= $window::bigint
    group by e.unit, e.bucket
),
-- A user is one of a bot: whatever names the user names that bot. No view of the past stands before this table.
owners as (
    select user_key, any_value(platform) as platform, any_value(bot_id) as bot_id, any_value(bot_key) as bot_key
    from events
    where $by_user::boolean and user_key is not null and bot_key is not null and received_at <= $heard::timestamp
    group by user_key
),
units as (
    select e.unit, e.bucket,
           (e.entered_at > epoch_us($open_after::timestamp))::bigint as open,
           case when $by_user::boolean then o.bot_key else c.bot_key end as bot_key,
           case when $by_user::boolean then o.platform else c.platform end as platform,
           case when $by_user::boolean then o.bot_id else c.bot_id end as bot,
           c.country,
           c.acquisition,
           f.checkout.path as path,
           f.checkout.credential as credential,
           case when $by_user::boolean then f.provider else c.provider end as provider
    from entries e
    left join (select * from conversations where mode = $mode::varchar) c
        on c.conversation_key = e.entry.conversation_key
    left join owners o on $by_user::boolean and o.user_key = e.unit
    left join firsts f on f.unit = e.unit and f.bucket = e.bucket
)
select columns($columns), count(*) as units
from (
    select u.*,
           w.step,
           case when u.open = 0 and w.step > 1 then w.moment - w.entered_at end as after,
           case when u.open = 0 and w.step > 1 then w.moment - w.before end as after_previous,
           case when u.open = 0 and w.step > 1 then u.unit end as own
    from walked w
    join units u on u.unit = w.unit and u.bucket = w.bucket
)
group by all
