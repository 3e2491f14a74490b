-- Conversations that entered the funnel before `$until`, all of them closed, by bucket, from the rollup: `$edges` are the
-- beginnings of the buckets, in order.
with edges as (
    select unnest($edges::bigint[]) as edge,
           unnest($bucket::bigint[]) as bucket
)
select e.bucket,
       0::bigint as open,
       c.platform,
       c.path,
       sum(c.entered)::bigint as entered,
       sum(c.checkout)::bigint as checkout,
       sum(c.paid)::bigint as paid
from conversation_cells c
asof join edges e on epoch_us(c.cell) >= e.edge
where c.mode = $mode::varchar
  and c.cell >= $from::timestamp
  and c.cell < $until::timestamp
group by all
having sum(c.entered) <> 0
