select coalesce(sum(events), 0)::bigint as restated
from late_events
where day >= ($from::timestamp::date - date '1970-01-01')
  and day <= (($to::timestamp - interval 1 microsecond)::date - date '1970-01-01')
  and received_at <= $as_of::timestamp
