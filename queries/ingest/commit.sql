insert into commits
select
    coalesce(max(version), 0) + 1, make_timestamp($stamp::bigint), $events::bigint,
    make_timestamp($first::bigint), make_timestamp($last::bigint)
from commits
