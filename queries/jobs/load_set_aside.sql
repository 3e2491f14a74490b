select id, kind, key, platform, name, rows, row_limit, reason, epoch_us(first_received) as first_received,
       epoch_us(since) as since, sources, program, state
from set_aside
order by since, id
