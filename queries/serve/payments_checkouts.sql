-- Checkouts begun in the range whose window is over, by cell, and how many were paid within it.
-- A checkout is its id, or without one each event; its earliest event counts. A payment belongs
-- to the checkout it names, or without a name to the latest checkout of its conversation before it.
with seen as (
    select conversation_key, checkout_id, time, source, id, platform, bot_key, bot_id, path, credential,
           row_number() over () as number
    from conversation_log
    where kind = 'checkout.started'
      and mode = $mode::varchar
      and time >= $from::timestamp
      and time < $to::timestamp + to_microseconds($window::bigint)
),
earlier as (
    select conversation_key, checkout_id
    from conversation_log
    where kind = 'checkout.started'
      and mode = $mode::varchar
      and time < $from::timestamp
      and checkout_id is not null
      and conversation_key in (select conversation_key from seen)
),
several as (
    select conversation_key, checkout_id
    from seen
    where checkout_id is not null
    group by conversation_key, checkout_id
    having count(*) > 1
),
repeated as (
    select number
    from seen
    join several on several.conversation_key = seen.conversation_key and several.checkout_id = seen.checkout_id
    qualify row_number() over (partition by seen.conversation_key, seen.checkout_id order by time, source, id) > 1
),
begun as (
    select seen.*
    from seen
    anti join repeated on repeated.number = seen.number
    anti join earlier on earlier.conversation_key = seen.conversation_key and earlier.checkout_id = seen.checkout_id
),
money as (
    select row_number() over () as payment, platform, conversation_key, checkout_id, first_paid_at
    from payments
    where mode = $mode::varchar
      and first_paid_at >= $from::timestamp
      and first_paid_at < $to::timestamp + to_microseconds($window::bigint)
),
paid as (
    select b.number
    from money m
    join begun b on b.checkout_id = m.checkout_id and b.platform = m.platform
    where m.first_paid_at >= b.time
      and m.first_paid_at <= b.time + to_microseconds($window::bigint)
    union all
    select arg_max(b.number, (b.time, b.source, b.id))
    from money m
    join begun b on b.conversation_key = m.conversation_key and b.time <= m.first_paid_at
    where m.checkout_id is null
    group by m.payment, m.first_paid_at
    having m.first_paid_at <= max(b.time) + to_microseconds($window::bigint)
),
checkouts as (
    select g.time,
           g.platform,
           g.bot_id as bot,
           g.path,
           g.credential,
           coalesce(c.country, b.country) as country,
           g.number in (select number from paid) as paid
    from begun g
    left join (select conversation_key, country from conversations
               where $use_country::boolean and mode = $mode::varchar) c
        on c.conversation_key = g.conversation_key
    left join (select bot_key, country from bots where $use_country::boolean) b on b.bot_key = g.bot_key
    where g.time < $to::timestamp
      and g.time + to_microseconds($window::bigint) <= $as_of::timestamp
)
select (epoch_us(time) - $origin::bigint) // $cell::bigint as cell,
       case when $by_platform::boolean then checkouts.platform end as platform,
       case when $by_bot::boolean then checkouts.bot end as bot,
       case when $by_path::boolean then checkouts.path end as path,
       case when $by_credential::boolean then checkouts.credential end as credential,
       case when $by_country::boolean then checkouts.country end as country,
       count(*) as checkouts,
       count(*) filter (paid) as paid
from checkouts
where true
  and ($platform::varchar[] is null or checkouts.platform in $platform::varchar[])
  and ($platform_not::varchar[] is null or checkouts.platform is null or checkouts.platform not in $platform_not::varchar[])
  and ($bot::varchar[] is null or checkouts.bot in $bot::varchar[])
  and ($bot_not::varchar[] is null or checkouts.bot is null or checkouts.bot not in $bot_not::varchar[])
  and ($path::varchar[] is null or checkouts.path in $path::varchar[])
  and ($path_not::varchar[] is null or checkouts.path is null or checkouts.path not in $path_not::varchar[])
  and ($credential::varchar[] is null or checkouts.credential in $credential::varchar[])
  and ($credential_not::varchar[] is null or checkouts.credential is null or checkouts.credential not in $credential_not::varchar[])
  and ($country::varchar[] is null or checkouts.country in $country::varchar[])
  and ($country_not::varchar[] is null or checkouts.country is null or checkouts.country not in $country_not::varchar[])
group by all
