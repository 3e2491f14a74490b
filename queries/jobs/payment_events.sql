select
    payment_key, provider, payment_id, kind, epoch_us(time) as time, epoch_us(received_at) as received_at, source,
    id, platform, bot_key, bot_id, conversation_key, user_key, checkout_id, path, credential, attempt_id,
    capture_id, refund_id, dispute_id, method, network, brand, wallet, minor, currency, exponent, cumulative,
    decline_code, failure_kind, stage, outcome, mode
from payment_log
where payment_key in (select key from touched_payments)
