-- Parts of the touched payments that have at most so many events, and those of one payment more.
insert into parts
with weighed as (
    select t.root, count(l.payment_key) as rows
    from touched_payments t
    left join payment_log l on l.payment_key = t.key
    group by t.root
),
placed as (
    select root, ((sum(rows) over (order by root) - rows) // $rows::bigint)::bigint as part
    from weighed
)
select t.key, t.root, p.part
from touched_payments t
join placed p using (root)
