insert into source_ignored (source, field, meant, times)
values ($source::varchar, $field::varchar, $meant::varchar, $times::bigint)
