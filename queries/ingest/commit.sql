insert into commits
select
    coalesce(max(version), 0) + 1, make_timestamp($stamp::bigint), $events::bigint,
    make_timestamp($first::bigint), make_timestamp($last::bigint),
    -- 0 stands for no commit yet, as in `last_commit`.
    case when $shown::bigint > 0 then make_timestamp($shown::bigint) end
from commits
