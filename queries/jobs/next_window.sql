-- The commits after the last folded one, as many as hold `$most` events, but at least one.
with waiting as (
    select received_at, sum(events) over (order by received_at) - events as before
    from commits
    where received_at > (select max(folded_to) from fold_state)
)
select
    (select epoch_us(max(folded_to)) from fold_state) as after,
    (select epoch_us(max(received_at)) from waiting where before < $most::bigint) as upto
