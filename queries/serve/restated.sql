-- A quarter hour that the range touches counts whole.
select coalesce(sum(events), 0)::bigint as restated
from late_events
where quarter > $from::timestamp - interval 15 minutes
  and quarter < $to::timestamp
  and received_at <= $as_of::timestamp
