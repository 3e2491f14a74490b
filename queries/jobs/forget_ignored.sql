delete from source_ignored where source = $source::varchar
