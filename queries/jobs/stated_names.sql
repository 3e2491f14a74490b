-- What each touched name is another name of: the earliest statement about it decides.
select key, parent, row_number() over (order by stated, key) as place
from (
    select alias_key as key, arg_min(conversation_key, (time, source, id)) as parent, min((time, source, id)) as stated
    from conversation_aliases
    where alias_key in (select key from touched_names)
    group by alias_key
)
order by key
