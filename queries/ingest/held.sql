-- Which database it is, how many commits it holds, the stamp of the last one, and that of a given one.
select
    (select max(id) from ledger_identity) as database,
    coalesce(max(version), 0) as commits,
    coalesce(epoch_us(max(received_at)), 0) as last,
    epoch_us(max(received_at) filter (version = ?::bigint)) as given
from commits
