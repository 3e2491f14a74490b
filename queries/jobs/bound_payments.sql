-- Payments of more rows than one may have, those that name too many bots, and those that have got a name that is set
-- aside. Each bot may have a row on each day of the payment: those count as rows too.
select t.root as key, null::varchar as platform, null::varchar as name,
       greatest(count(*), count(distinct l.bot_key) * count(distinct l.time::date)) as rows,
       count(distinct l.bot_key) as bots
from payment_log l
join touched_payments t on t.key = l.payment_key
where t.root not in (select key from set_aside where kind = 'payment' and state <> 'retry')
group by t.root
having rows > $most::bigint
    or bots > $bots::bigint
    or t.root in (select key from left_out where kind = 'payment')
order by key
