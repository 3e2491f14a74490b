merge into source_no_ids
using (
    select $source::varchar as source, $field::varchar as field, $times::bigint as times
) counted
on counted.source = source_no_ids.source and counted.field = source_no_ids.field
when matched then update set times = counted.times
when not matched then insert
