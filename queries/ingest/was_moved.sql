-- Whether a stamp was moved back to the clock.
select count(*) > 0 from moved_stamps where epoch_us(was) = ?::bigint
