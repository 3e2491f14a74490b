-- As for payments; each bot has its events and one row of captures.
insert into parts
with weighed as (
    select t.key, count(l.bot_key) + 1 as rows
    from (select distinct key from touched_bots) t
    left join bot_log l on l.bot_key = t.key
    group by t.key
)
select key, key, ((sum(rows) over (order by key) - rows) // $rows::bigint)::bigint
from weighed
