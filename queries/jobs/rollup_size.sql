-- Rows of the rollup, and how many there would be if each cell had one.
select
    count(*) as rows,
    (select count(*) from (select distinct cell, mode, platform, path from conversation_cells)) as cells
from conversation_cells
