-- The next part; after the last one, what was touched as a whole.
delete from touched_bots;
insert into touched_bots
select key
from parts
where part = (select min(part) from parts) or (select min(part) from parts) is null;
update parts set part = null where part = (select min(part) from parts);
