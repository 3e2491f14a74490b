-- What the touched names lead to, by the statements and so far, and what led to the same so far.
insert into touched_names
with stated as (
    select arg_min(conversation_key, (time, source, id)) as key
    from conversation_aliases
    where alias_key in (select key from touched_names)
    group by alias_key
),
ends as (
    select key from touched_names
    union
    select root from botledger.main.moved_roots where alias_key in (select key from touched_names)
),
near as (
    select key from stated
    union
    select key from ends
    union
    select alias_key from botledger.main.moved_roots where root in (select key from ends)
)
select key, key from near where key not in (select key from touched_names)
