-- The first and the last moment of the events between two moments.
select epoch_us(min(time)) as first, epoch_us(max(time)) as last
from events
where time >= $from::timestamp and time <= $to::timestamp
