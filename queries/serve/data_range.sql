-- The first and the last moment that a commit tells of.
select epoch_us(min(first_time)) as first, epoch_us(max(last_time)) as last from commits where events > 0
