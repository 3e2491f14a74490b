update fold_state set epoch = epoch + 1
