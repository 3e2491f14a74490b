select
    t.root as payment_key, l.payment_key = t.root as is_own,
    l.provider, l.payment_id, l.kind, epoch_us(l.time) as time, epoch_us(l.received_at) as received_at, l.source,
    l.id, l.platform, l.bot_key, l.bot_id,
    coalesce(c.root, l.conversation_key) as conversation_key, l.user_key, l.checkout_id, l.path, l.credential,
    l.attempt_id, l.capture_id, l.refund_id, l.dispute_id, l.method, l.network, l.brand, l.wallet, l.minor,
    l.currency, l.exponent, l.cumulative, l.decline_code, l.failure_kind, l.stage, l.outcome, l.mode,
    l.pending, l.released
from payment_log l
join touched_payments t on t.key = l.payment_key
left join conversation_roots c on c.alias_key = l.conversation_key
where t.root not in (select key from left_out where kind = 'payment')
