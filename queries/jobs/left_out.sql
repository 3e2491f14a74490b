-- What was set aside before, except what is to be tried again.
insert into left_out
with known as (
    select kind, key, platform, name from set_aside where state <> 'retry'
)
from known
union
select k.kind, r.root, null, null from known k join payment_roots r on r.payment_key = k.key where k.kind = 'payment'
union
select k.kind, r.root, null, null from known k join conversation_roots r on r.alias_key = k.key
where k.kind = 'conversation'
