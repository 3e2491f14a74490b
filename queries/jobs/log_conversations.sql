-- Steps are kept whole. Of other events only those that were the earliest of their conversation
-- when they came in: they decide whose conversation it is.
insert into conversation_log
with fresh as (
    select
        conversation_key, platform, conversation_id, kind, time, received_at, source, id, bot_key, bot_id,
        user_key, country, acquisition, checkout_id, path, credential, mode,
        kind in ('conversation.started', 'catalog.viewed', 'product.viewed', 'cart.updated', 'checkout.started')
            as is_step
    from events
    where received_at > $after::timestamp and received_at <= $upto::timestamp
      and conversation_key is not null
),
known as (
    select conversation_key, min((time, source, id)) as earliest
    from conversation_log
    -- Nothing about these conversations came in before `$since`: older rows need not be read.
    where received_at >= $since::timestamp
      and conversation_key in (select conversation_key from fresh)
    group by conversation_key
),
groups as (
    select conversation_key, received_at, min((time, source, id)) as earliest
    from fresh
    group by conversation_key, received_at
),
running as (
    select
        conversation_key, received_at, earliest,
        min(earliest) over (
            partition by conversation_key order by received_at rows between unbounded preceding and 1 preceding
        ) as before
    from groups
),
firsts as (
    select r.conversation_key, r.received_at, r.earliest
    from running r
    left join known k using (conversation_key)
    where (r.before is null or r.earliest < r.before) and (k.earliest is null or r.earliest < k.earliest)
)
select
    f.conversation_key, f.platform, f.conversation_id, f.kind, f.time, f.received_at, f.source, f.id, f.bot_key,
    f.bot_id, f.user_key, f.country, f.acquisition, f.checkout_id, f.path, f.credential, f.mode
from fresh f
left join firsts l
    on l.conversation_key = f.conversation_key and l.received_at = f.received_at
   and l.earliest = (f.time, f.source, f.id)
where f.is_step or l.conversation_key is not null
