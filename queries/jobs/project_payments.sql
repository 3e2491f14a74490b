insert into payment_log
select
    payment_key, provider, payment_id, kind, time, received_at, source, id, platform, bot_key, bot_id,
    conversation_key, user_key, checkout_id, path, credential, attempt_id, capture_id, refund_id, dispute_id,
    method, network, brand, wallet, minor, currency, exponent, cumulative, decline_code, failure_kind, stage,
    outcome, mode, pending, released
from events
where received_at > $after::timestamp and received_at <= $upto::timestamp
  and payment_key is not null
  and kind like 'transaction.%'
