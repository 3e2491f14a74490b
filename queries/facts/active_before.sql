-- Bots that were active before the range, at any time: before its first day, or in these quarter hours of it.
select distinct bot_key
from bot_days
where mode = $mode::varchar
  and (day < $from_day::integer and (low <> 0 or high <> 0)
       or day = $from_day::integer and ((low & $from_low::bigint) <> 0 or (high & $from_high::bigint) <> 0))
