-- The rates that the amounts of a range may need, as known at `$as_of`: of several for one day, base
-- and quote the one received last. Of currencies those that occur, and those that more than one other
-- is quoted with: only through such a one can two others be joined.
with amounts as (
    select currency, rate_at
    from payment_movements
    where mode = $mode::varchar
      and currency <> $currency::varchar
      and ("at" >= $from::timestamp and "at" < $to::timestamp
           or rate_at >= $from::timestamp and rate_at < $to::timestamp)
    union all
    select currency, rate_at
    from payment_attempts
    where mode = $mode::varchar
      and currency <> $currency::varchar
      and decided_at >= $from::timestamp
      and decided_at < $to::timestamp
),
span as (
    select min(rate_at)::date - date '1970-01-01' - $age::bigint as first,
           max(rate_at)::date - date '1970-01-01' as last
    from amounts
),
published as (
    select day, base, quote, digits, scale, source, received_at
    from fx_rates
    where received_at <= $as_of::timestamp
      and day between (select first from span) and (select last from span)
),
ends as (
    select base as code, quote as other from published
    union
    select quote, base from published
),
joined as (
    select currency as code from amounts
    union
    select $currency::varchar
    union
    select code from ends group by code having count(*) > 1
)
select
    day::bigint as day,
    base,
    quote,
    arg_max(digits, received_at) as digits,
    arg_max(scale, received_at)::bigint as scale,
    arg_max(source, received_at) as source
from published
where base in (select code from joined)
  and quote in (select code from joined)
group by day, base, quote
