select coalesce(epoch_us(max(folded_to)), 0) from fold_state
