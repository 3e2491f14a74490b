select identity_high, identity_low from event_keys
