-- Spans of the lives of bots: `member`, `suspended` and `payment_enabled`. Those that begin before `$to` and do not
-- end before `$from`; one that ends at that moment still counts then.
select columns($columns)
from (
    select s.kind,
           s.entry = 'reinstated' as reinstated,
           b.inferred,
           epoch_us(s.since) as time,
           epoch_us(s.until) as until,
           s.bot_key
    from bot_spans s
    join bots b on b.bot_key = s.bot_key
    where s.since < $to::timestamp
      and (s.until is null or s.until >= $from::timestamp)
      and $mode::varchar is not null
)
