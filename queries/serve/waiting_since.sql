-- The stamp of the first commit that is not folded; null where all are.
select epoch_us(min(received_at)) as since
from commits
where received_at > (select max(folded_to) from fold_state)
