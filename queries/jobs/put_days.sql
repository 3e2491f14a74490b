-- Days that lack something are no facts.
insert into bot_days
from found_days
where mode is not null and low is not null and high is not null
  and first_received is not null and last_received is not null
order by day, bot_key, mode
