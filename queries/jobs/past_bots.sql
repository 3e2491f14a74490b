-- Bots that changed since, and those that were set aside since.
insert into touched_bots
select bot_key from botledger.main.bots
where first_received <= $upto::timestamp and last_received > $upto::timestamp
union
select key from botledger.main.set_aside
where kind = 'bot' and first_received <= $upto::timestamp and since > $upto::timestamp
