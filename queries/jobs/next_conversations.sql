-- The next part; after the last one, what was touched as a whole.
delete from touched_conversations;
insert into touched_conversations
select key
from parts
where part = (select min(part) from parts) or (select min(part) from parts) is null;
update parts set part = null where part = (select min(part) from parts);
