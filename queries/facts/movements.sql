-- Money that moved, and chargebacks: at their own date (`$anchor` is `activity`), or all but captures at the first
-- capture of their payment, else at its first fact (`cohort`).
select columns($columns)
from (
    select epoch_us(case when $anchor::varchar = 'cohort' and m.kind <> 'capture' then m.rate_at else m."at" end) as time,
           m.kind,
           m.minor,
           m.payment_key,
           m.bot_key,
           m.currency,
           epoch_us(m.rate_at) // 86400000000 as rate_day,
           m.platform,
           m.bot_id as bot,
           c.country,
           c.acquisition,
           m.path,
           m.credential,
           m.provider,
           network_or_none(m.network, m.method) as network,
           method_or_none(m.method) as method,
           wallet_or_none(m.wallet, m.method) as wallet
    from payment_movements m
    left join (
        select conversation_key, mode, country, acquisition
        from conversations
        where list_has_any($columns, ['country', 'acquisition'])
    ) c on c.conversation_key = m.conversation_key and c.mode = m.mode
    where m.mode = $mode::varchar
      and case when $anchor::varchar = 'cohort' and m.kind <> 'capture' then m.rate_at else m."at" end >= $from::timestamp
      and case when $anchor::varchar = 'cohort' and m.kind <> 'capture' then m.rate_at else m."at" end < $to::timestamp
)
