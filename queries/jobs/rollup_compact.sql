insert into compacted
select cell, mode, platform, path, sum(entered)::bigint, sum(checkout)::bigint, sum(paid)::bigint
from conversation_cells
group by all
having sum(entered) <> 0 or sum(checkout) <> 0 or sum(paid) <> 0
order by cell;
delete from conversation_cells;
insert into conversation_cells from compacted;
delete from compacted;
