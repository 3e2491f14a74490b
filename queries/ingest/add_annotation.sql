insert into annotations
values (
    make_timestamp($stamp::bigint), $id::varchar, $time::timestamp, $text::varchar,
    $platform::varchar, $bot_id::varchar, $metric::varchar, false
)
