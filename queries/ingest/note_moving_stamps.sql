-- Stamps ahead of the clock, each with the one that it gets: their order stays, and they stay behind all others.
insert into moving
with ahead as (
    select received_at, row_number() over (order by received_at desc) as place
    from commits
    where received_at > make_timestamp($now::bigint)
), base as (
    select greatest(
        $now::bigint,
        (select coalesce(max(epoch_us(received_at)), 0) from commits where received_at <= make_timestamp($now::bigint))
            + (select count(*) from ahead)
    ) as last
)
select make_timestamp($now::bigint), received_at, make_timestamp(last - place + 1) from ahead, base
