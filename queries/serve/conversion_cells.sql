-- Conversations that entered the funnel before `$to`, all of them closed, from the cube: the columns of
-- conversion_counts as far as the cube has them.
select (epoch_us(cell) - $origin::bigint) // $cell::bigint as cell,
       0::bigint as open,
       case when $by_platform::boolean then platform end as platform,
       case when $by_path::boolean then path end as path,
       sum(entered)::bigint as entered,
       sum(checkout)::bigint as checkout,
       sum(paid)::bigint as paid
from conversation_cells
where mode = $mode::varchar
  and conversation_cells.cell >= $from::timestamp
  and conversation_cells.cell < $to::timestamp
  and kept(platform, $platform::varchar[], $platform_not::varchar[])
  and kept(path, $path::varchar[], $path_not::varchar[])
group by all
having sum(entered) <> 0
