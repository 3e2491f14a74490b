-- Every event with the digest of its content, one folder per UTC day. Digests are kept by identity: the first half of
-- SHA-256 over 'event', source and id, each behind its length in eight bytes (model::event).
copy (
    with hashed as (
        select
            *,
            sha256(
                unhex('0500000000000000') || encode('event')
                || unhex(format('{:02x}{:02x}000000000000', strlen(source) % 256, strlen(source) // 256))
                || encode(source)
                || unhex(format('{:02x}{:02x}000000000000', strlen(id) % 256, strlen(id) // 256))
                || encode(id)
            ) as digest
        from events
    ),
    known as (
        select
            ('0x' || to_hex(identity_high))::ubigint as high,
            ('0x' || to_hex(identity_low))::ubigint as low,
            content
        from (from event_keys union all from event_keys_recent)
    )
    select hashed.* exclude (digest), known.content, hashed.time::date as day
    from hashed
    left join known
        on known.high = ('0x' || substr(hashed.digest, 1, 16))::ubigint
        and known.low = ('0x' || substr(hashed.digest, 17, 16))::ubigint
) to $1 (format parquet, partition_by (day), compression zstd)
