-- One id is one moment, text and scope, so that distinct leaves one row.
insert into annotations
select distinct make_timestamp($stamp::bigint), id, time, text, platform, bot_id, metric, true
from annotations
where id = $id::varchar
