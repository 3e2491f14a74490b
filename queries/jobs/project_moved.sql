-- Who states first that a name is another conversation's: later statements of the same say nothing new.
insert into conversation_aliases
with stated as (
    select unnest(alias_keys) as alias_key, conversation_key, time, received_at, source, id
    from events
    where received_at > $after::timestamp and received_at <= $upto::timestamp
      and alias_keys is not null
      and conversation_key is not null
      and payment_key is null
),
fresh as (
    select alias_key, conversation_key, received_at, min((time, source, id)) as earliest
    from stated
    where alias_key <> conversation_key
    group by alias_key, conversation_key, received_at
)
select alias_key, conversation_key, earliest[1], received_at, earliest[2], earliest[3]
from fresh f
where not exists (
    select 1 from conversation_aliases a
    where a.alias_key = f.alias_key and a.conversation_key = f.conversation_key
      and (a.time, a.source, a.id) <= f.earliest
)
