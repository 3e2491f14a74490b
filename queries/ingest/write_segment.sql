insert into event_keys
select identity_high, identity_low, content from event_keys_recent order by identity_high;
delete from event_keys_recent;
