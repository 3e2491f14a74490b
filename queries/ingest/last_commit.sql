select coalesce(epoch_us(max(received_at)), 0) from commits
