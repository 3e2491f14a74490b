-- The events of one file of an export. Those of earlier versions lack the columns that stand first below, and tell in
-- `extra` what `notice` and `reason` do.
select
    source, id, kind, subject, epoch_us(time), time_origin,
    platform, bot_id, conversation_id, user_id,
    country, name, category, developer_id, payments_enabled, acquisition, direction,
    item_id, item_count, checkout_id, path, credential,
    provider, payment_id, attempt_id, capture_id, refund_id, dispute_id,
    method, network, brand, wallet, minor, currency, cumulative, coalesce(pending, false), released,
    decline_code, failure_kind, stage, outcome, mode,
    case when told is null then extra end, coalesce(notice, notice_in(told)), coalesce(reason, reason_in(told)),
    aliases, content
from (
    select *, case when kind = 'other' then uncounted_in(extra) end as told
    from (
        select
            null::boolean as pending, null::bigint as released, null::varchar as notice, null::varchar as reason
        where false
        union all by name
        from read_parquet($file, hive_partitioning = false)
    )
)
