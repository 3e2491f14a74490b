-- Days of bots with activity: its quarter hours as bits.
select bot_key, day::bigint as day, low, high
from bot_days
where mode = $mode::varchar
  and day between $first_day::integer and $last_day::integer
  -- A day is kept without a quarter hour where a payment named the bot that turned out to be another's.
  and (low <> 0 or high <> 0)
