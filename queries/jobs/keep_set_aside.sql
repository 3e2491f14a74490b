-- Notes what was found, under its earlier note where it has one, also from before all facts were thrown away.
merge into set_aside
using (
    with told as (
        select 'payment' as kind, t.root as key, l.source, l.received_at
        from payment_log l
        join touched_payments t on t.key = l.payment_key
        union all
        select 'conversation', coalesce(r.root, l.conversation_key), l.source, l.received_at
        from conversation_log l
        left join conversation_roots r on r.alias_key = l.conversation_key
        union all
        select 'bot', bot_key, case when kind <> 'seen' then source end, received_at from bot_log
        union all
        select 'checkout', f.key, l.source, l.received_at
        from conversation_log l
        join found_aside f on f.kind = 'checkout' and f.platform = l.platform and f.name = l.checkout_id
        where l.kind = 'checkout.started'
        union all
        select 'checkout', f.key, l.source, l.received_at
        from payment_log l
        join found_aside f on f.kind = 'checkout' and f.platform = l.platform and f.name = l.checkout_id
    ),
    sources as (
        select kind, key, min(received_at) as first_received,
               string_agg(distinct case when starts_with(source, '/webhooks/') then source
                                        when source = '/segment' then '/v1/batch'
                                        else '/v1/events' end, chr(10))
                   filter (source is not null) as sources
        from told
        semi join found_aside using (kind, key)
        group by kind, key
    )
    select f.*, coalesce(s.first_received, $upto::timestamp) as first_received, coalesce(b.since, $upto::timestamp) as since,
           coalesce(s.sources, '') as sources, $program::varchar as program
    from found_aside f
    left join sources s using (kind, key)
    left join (
        -- Only until as much is folded as was.
        select id, since from set_aside_before where folded_to > (select folded_to from fold_state)
    ) b using (id)
) found
on found.id = set_aside.id
when matched then update set
    rows = found.rows,
    row_limit = found.row_limit,
    reason = found.reason,
    sources = found.sources,
    program = found.program,
    state = 'set_aside'
when not matched then insert (
    id, kind, key, platform, name, rows, row_limit, reason, first_received, since, sources, program, state
) values (
    found.id, found.kind, found.key, found.platform, found.name, found.rows, found.row_limit, found.reason,
    found.first_received, found.since, found.sources, found.program, 'set_aside'
)
