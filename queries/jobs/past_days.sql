insert into touched_days
select distinct bot_key, day from botledger.main.bot_days
where first_received <= $upto::timestamp and last_received > $upto::timestamp
