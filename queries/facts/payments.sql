-- Payments at the moment that `$anchor` names: `capture`, their first, or `fact`, the first that told of them.
select columns($columns)
from (
    select epoch_us(case $anchor::varchar when 'capture' then p.first_capture_at else p.first_fact_at end) as time,
           p.payment_key,
           p.state,
           p.user_key,
           p.bot_key,
           p.conversation_key,
           p.currency,
           epoch_us(coalesce(p.first_capture_at, p.first_fact_at)) // 86400000000 as rate_day,
           epoch_us(p.first_refund_at) - epoch_us(p.first_capture_at) as refunded_after,
           epoch_us(p.first_chargeback_at) - epoch_us(p.first_capture_at) as disputed_after,
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
    from payments p
    left join (
        select conversation_key, mode, country, acquisition
        from conversations
        where list_has_any($columns, ['country', 'acquisition'])
    ) c on c.conversation_key = p.conversation_key and c.mode = p.mode
    where p.mode = $mode::varchar
      and case $anchor::varchar when 'capture' then p.first_capture_at else p.first_fact_at end >= $from::timestamp
      and case $anchor::varchar when 'capture' then p.first_capture_at else p.first_fact_at end < $to::timestamp
)
