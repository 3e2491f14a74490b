-- Attempts when they were finished: approved, or failed in any way.
select columns($columns)
from (
    select epoch_us(a.decided_at) as time,
           a.payment_key,
           a.first,
           a.approved,
           a.approved or a.failure_kind in ('issuer', 'risk') as decided,
           a.failure_kind,
           a.decline_code,
           a.minor,
           a.bot_key,
           a.currency,
           epoch_us(a.rate_at) // 86400000000 as rate_day,
           a.platform,
           a.bot_id as bot,
           c.country,
           c.acquisition,
           a.path,
           a.credential,
           a.provider,
           network_or_none(a.network, a.method) as network,
           method_or_none(a.method) as method,
           wallet_or_none(a.wallet, a.method) as wallet
    from payment_attempts a
    left join (
        select conversation_key, mode, country, acquisition
        from conversations
        where list_has_any($columns, ['country', 'acquisition'])
    ) c on c.conversation_key = a.conversation_key and c.mode = a.mode
    where a.mode = $mode::varchar
      and a.decided_at >= $from::timestamp
      and a.decided_at < $to::timestamp
)
