merge into source_tallies
using (
    select $source::varchar as source,
           $last_delivery_at::timestamp as last_delivery_at,
           $last_accepted_at::timestamp as last_accepted_at,
           $deliveries::bigint as deliveries,
           $accepted::bigint as accepted,
           $duplicates::bigint as duplicates,
           $conflicts::bigint as conflicts,
           $rejected::bigint as rejected,
           $forged::bigint as forged,
           $unsupported::bigint as unsupported,
           $unparseable::bigint as unparseable,
           $lag_micros::bigint as lag_micros
) as counted
on counted.source = source_tallies.source
when matched then update set
    last_delivery_at = counted.last_delivery_at,
    last_accepted_at = counted.last_accepted_at,
    deliveries = counted.deliveries,
    accepted = counted.accepted,
    duplicates = counted.duplicates,
    conflicts = counted.conflicts,
    rejected = counted.rejected,
    forged = counted.forged,
    unsupported = counted.unsupported,
    unparseable = counted.unparseable,
    lag_micros = counted.lag_micros
when not matched then insert
