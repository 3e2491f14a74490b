-- What had been set aside by then.
insert into left_out
with known as (
    select kind, key, platform, name from botledger.main.set_aside where since <= $upto::timestamp
)
from known
union
select k.kind, r.root, null, null from known k join payment_roots r on r.payment_key = k.key where k.kind = 'payment'
union
select k.kind, r.root, null, null from known k join conversation_roots r on r.alias_key = k.key
where k.kind = 'conversation'
