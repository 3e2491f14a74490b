insert into moved_stamps select moved_at, was, stamp from moving;
update events set received_at = moving.stamp from moving where moving.was = events.received_at;
update fx_rates set received_at = moving.stamp from moving where moving.was = fx_rates.received_at;
update annotations set received_at = moving.stamp from moving where moving.was = annotations.received_at;
update commits set shown_at = moving.stamp from moving where moving.was = commits.shown_at;
update commits set received_at = moving.stamp from moving where moving.was = commits.received_at;
update set_aside set first_received = moving.stamp from moving where moving.was = set_aside.first_received;
update set_aside set since = moving.stamp from moving where moving.was = set_aside.since;
update source_tallies set
    last_delivery_at = least(last_delivery_at, (select max(moved_at) from moving)),
    last_accepted_at = least(last_accepted_at, (select max(moved_at) from moving));
drop table moving
