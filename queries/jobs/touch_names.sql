insert into touched_names
select key, key
from (
    select distinct unnest([alias_key, conversation_key]) as key
    from conversation_aliases
    where received_at > $after::timestamp and received_at <= $upto::timestamp
)
