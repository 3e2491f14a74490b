-- Payments at their first attempt that was approved or declined, with the amount of that attempt.
select columns($columns)
from (
    select epoch_us(d.decided_at) as time,
           p.first_capture_at is not null as captured,
           d.minor,
           p.bot_key,
           p.currency,
           epoch_us(coalesce(p.first_capture_at, p.first_fact_at)) // 86400000000 as rate_day,
           p.platform,
           p.bot_id as bot,
           c.country,
           c.acquisition,
           p.path,
           p.credential,
           p.provider,
           network_or_none(p.network, p.method) as network,
           method_or_none(p.method) as method,
           wallet_or_none(p.wallet, p.method) as wallet
    from payment_attempts d
    join payments p on p.payment_key = d.payment_key
    left join (
        select conversation_key, mode, country, acquisition
        from conversations
        where list_has_any($columns, ['country', 'acquisition'])
    ) c on c.conversation_key = p.conversation_key and c.mode = p.mode
    where d.first_counted
      and d.decided_at >= $from::timestamp
      and d.decided_at < $to::timestamp
      and p.mode = $mode::varchar
)
