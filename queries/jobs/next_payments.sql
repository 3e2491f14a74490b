-- The next part; after the last one, what was touched as a whole.
delete from touched_payments;
insert into touched_payments
select key, root
from parts
where part = (select min(part) from parts) or (select min(part) from parts) is null;
update parts set part = null where part = (select min(part) from parts);
