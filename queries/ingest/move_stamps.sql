update events set received_at = moved.stamp
from moved_stamps as moved
where moved.was = events.received_at and moved.moved_at = (select max(moved_at) from moved_stamps);
update fx_rates set received_at = moved.stamp
from moved_stamps as moved
where moved.was = fx_rates.received_at and moved.moved_at = (select max(moved_at) from moved_stamps);
update annotations set received_at = moved.stamp
from moved_stamps as moved
where moved.was = annotations.received_at and moved.moved_at = (select max(moved_at) from moved_stamps);
update commits set shown_at = moved.stamp
from moved_stamps as moved
where moved.was = commits.shown_at and moved.moved_at = (select max(moved_at) from moved_stamps);
update commits set received_at = moved.stamp
from moved_stamps as moved
where moved.was = commits.received_at and moved.moved_at = (select max(moved_at) from moved_stamps);
update set_aside set first_received = moved.stamp
from moved_stamps as moved
where moved.was = set_aside.first_received and moved.moved_at = (select max(moved_at) from moved_stamps);
update set_aside set since = moved.stamp
from moved_stamps as moved
where moved.was = set_aside.since and moved.moved_at = (select max(moved_at) from moved_stamps);
update source_tallies set
    last_delivery_at = least(last_delivery_at, (select max(moved_at) from moved_stamps)),
    last_accepted_at = least(last_accepted_at, (select max(moved_at) from moved_stamps))
