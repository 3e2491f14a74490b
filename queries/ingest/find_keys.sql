select identity_high, identity_low, content from event_keys where identity_high in $1::bigint[]
