select
    (select count(*) from commits where received_at <= $as_of::timestamp) as data_version,
    (select max(epoch) from fold_state) as epoch,
    (select epoch_us(max(folded_to)) from fold_state) as folded_to
