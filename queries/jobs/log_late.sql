insert into late_events
with stamps as (
    select received_at, lag(received_at) over (order by received_at) as before from commits
)
select (e.time::date - date '1970-01-01')::integer, e.received_at, count(*)
from events e
join stamps s using (received_at)
where e.received_at > $after::timestamp and e.received_at <= $upto::timestamp
  and time_bucket(interval 15 minutes, e.time) + interval 15 minutes <= s.before
group by all
