select identity_high, identity_low, content from event_keys_recent
