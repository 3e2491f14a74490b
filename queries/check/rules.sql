-- Rules between tables: each rule that is broken, with the number of rows that break it.
with rules as (
    select 'numbers of commits that are missing or used twice' as broken,
        coalesce(max(version), 0) - count(distinct version) + count(*) - count(distinct version) as rows
    from commits
    union all
    select 'events that are missing or too many by the numbers of the commits',
        abs((select count(*) from events) - (select coalesce(sum(events), 0) from commits))
    union all
    select 'events with a stamp that no commit has', count(*)
    from events where received_at not in (select received_at from commits)
    union all
    select 'identities that are stored twice', count(*)
    from (
        select identity_high, identity_low
        from (
            select identity_high, identity_low from event_keys
            union all
            select identity_high, identity_low from event_keys_recent
        )
        group by all
        having count(*) > 1
    )
    union all
    select 'folds of commits that do not exist', count(*)
    from fold_state where folded_to > (select coalesce(max(received_at), timestamp '1970-01-01') from commits)
    union all
    select 'facts of events that are not folded', count(*)
    from (
        select last_received from bots
        union all
        select last_received from bot_days
        union all
        select last_received from conversations
        union all
        select last_received from checkouts
        union all
        select last_received from payments
    )
    where last_received > (select max(folded_to) from fold_state)
)
select broken, rows::bigint from rules where rows <> 0
