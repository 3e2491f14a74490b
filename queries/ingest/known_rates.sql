-- The rates of some days as they count now: of several for one day, base and quote the one received last.
select
    day::bigint as day,
    base,
    quote,
    arg_max(digits, received_at) as digits,
    arg_max(scale, received_at)::bigint as scale,
    arg_max(source, received_at) as source
from fx_rates
where day between $first::bigint and $last::bigint
group by day, base, quote
