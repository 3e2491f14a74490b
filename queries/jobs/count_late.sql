insert into late_events
select time_bucket(interval 15 minutes, e.time) as quarter, e.received_at, count(*)
from events e
join commits c using (received_at)
where e.received_at > $after::timestamp and e.received_at <= $upto::timestamp
  and quarter + interval 15 minutes <= c.shown_at
group by all
order by e.received_at, quarter
