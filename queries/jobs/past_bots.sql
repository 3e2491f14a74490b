insert into touched_bots
select bot_key from botledger.main.bots
where first_received <= $upto::timestamp and last_received > $upto::timestamp
