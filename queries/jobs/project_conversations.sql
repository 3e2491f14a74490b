-- Steps are kept whole, and so is what gives a conversation another name. Of other events only those before which, when they came in, none was known of their
-- conversation, or none that named its bot, user, country or acquisition: they decide whose it is.
insert into conversation_log
with fresh as (
    select
        conversation_key, platform, conversation_id, kind, time, received_at, source, id, bot_key, bot_id,
        user_key, country, acquisition, checkout_id, path, credential, mode,
        kind in ('conversation.started', 'catalog.viewed', 'product.viewed', 'cart.updated', 'checkout.started')
            or alias_keys is not null and payment_key is null as is_step
    from events
    where received_at > $after::timestamp and received_at <= $upto::timestamp
      and conversation_key is not null
),
known as (
    select
        conversation_key,
        min(time) as told,
        min(time) filter (bot_key is not null) as bot,
        min(time) filter (user_key is not null) as user_,
        min(time) filter (country is not null) as country,
        min(time) filter (acquisition is not null) as acquisition
    from conversation_log
    -- Nothing about these conversations came in before `$since`: older rows need not be read.
    where received_at >= $since::timestamp
      and conversation_key in (select conversation_key from fresh)
    group by conversation_key
),
groups as (
    select
        conversation_key, received_at,
        min(time) as told,
        min(time) filter (bot_key is not null) as bot,
        min(time) filter (user_key is not null) as user_,
        min(time) filter (country is not null) as country,
        min(time) filter (acquisition is not null) as acquisition
    from fresh
    group by conversation_key, received_at
),
running as (
    select
        *,
        min(told) over earlier as told_before,
        min(bot) over earlier as bot_before,
        min(user_) over earlier as user_before,
        min(country) over earlier as country_before,
        min(acquisition) over earlier as acquisition_before
    from groups
    window earlier as (
        partition by conversation_key order by received_at rows between unbounded preceding and 1 preceding
    )
),
firsts as (
    select
        conversation_key, received_at,
        case when coalesce(r.told <= least(told_before, k.told), true) then r.told end as told,
        case when coalesce(r.bot <= least(bot_before, k.bot), true) then r.bot end as bot,
        case when coalesce(r.user_ <= least(user_before, k.user_), true) then r.user_ end as user_,
        case when coalesce(r.country <= least(country_before, k.country), true) then r.country end as country,
        case when coalesce(r.acquisition <= least(acquisition_before, k.acquisition), true) then r.acquisition end as acquisition
    from running r
    left join known k using (conversation_key)
)
select
    f.conversation_key, f.platform, f.conversation_id, f.kind, f.time, f.received_at, f.source, f.id, f.bot_key,
    f.bot_id, f.user_key, f.country, f.acquisition, f.checkout_id, f.path, f.credential, f.mode
from fresh f
join firsts l using (conversation_key, received_at)
where f.is_step
   or f.time = l.told
   or f.time = l.bot
   or f.time = l.user_
   or f.time = l.country
   or f.time = l.acquisition
