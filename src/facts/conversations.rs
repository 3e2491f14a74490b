//! Conversations, folded from their own events and from the payments that name them.

use polars::prelude::*;

use super::{first, in_order, instants, kind_in};

/// Folds rows of `conversation_log` (all of each conversation) and the payments of the same
/// conversations (`conversation_key`, `provider`, `mode`, `attributed`, `first_fact_at`,
/// `first_paid_at`, `first_received`, `last_received`, times in microseconds). A payment that once
/// named the conversation but belongs to another is not `attributed`: only its stamps count.
///
/// One row per conversation in mode `live`, and one in mode `test` where a test event names it: a test
/// checkout belongs to a conversation that began as any other, a conversation begun as a test is no live one.
///
/// # Errors
/// When a column is missing or of another type.
pub fn fold(log: &DataFrame, payments: &DataFrame) -> PolarsResult<DataFrame> {
    // Sorted at once: a lazy sort before a join may be left out.
    let events = log.sort(["conversation_key", "time", "source", "id"], Default::default())?;
    let payments = payments.sort(["conversation_key", "first_fact_at", "provider"], Default::default())?;
    let (events, payments) = (events.lazy(), payments.lazy());
    let known = identity(events.clone(), payments.clone()).collect()?;
    let payments = payments.filter(col("attributed"));
    let modes = concat(
        [
            known
                .clone()
                .lazy()
                .select([col("conversation_key"), lit("live").alias("mode")]),
            events
                .clone()
                .filter(test())
                .select([col("conversation_key"), col("mode")]),
            payments
                .clone()
                .filter(test())
                .select([col("conversation_key"), col("mode")]),
        ],
        UnionArgs::default(),
    )?
    .unique(None, UniqueKeepStrategy::Any);
    let entries = modes
        .join(known.lazy(), key(), key(), JoinArgs::new(JoinType::Inner))
        .with_columns([when(test())
            .then(col("started_any"))
            .otherwise(col("started_live"))
            .alias("started_at")])
        .collect()?;
    let checkouts = first_checkout(entries.clone().lazy(), events).collect()?;
    let paid = first_paid(checkouts.clone().lazy(), payments.clone()).collect()?;
    let providers = payments
        .group_by([col("conversation_key"), col("mode")])
        .agg([col("provider").first()]);
    let both = || [col("conversation_key"), col("mode")];
    let left = || JoinArgs::new(JoinType::Left);
    entries
        .lazy()
        .join(checkouts.lazy(), both(), both(), left())
        .join(paid.lazy(), both(), both(), left())
        .join(providers, both(), both(), left())
        .select(COLUMNS.map(col))
        .with_columns(instants(&[
            "started_at",
            "checkout_at",
            "paid_at",
            "first_received",
            "last_received",
        ]))
        .sort(["started_at", "conversation_key", "mode"], Default::default())
        .collect()
}

const COLUMNS: [&str; 17] = [
    "conversation_key",
    "mode",
    "platform",
    "conversation_id",
    "bot_key",
    "bot_id",
    "user_key",
    "country",
    "acquisition",
    "started_at",
    "checkout_at",
    "paid_at",
    "path",
    "credential",
    "provider",
    "first_received",
    "last_received",
];

fn key() -> [Expr; 1] {
    [col("conversation_key")]
}

fn test() -> Expr {
    col("mode").eq(lit("test"))
}

/// What the earliest events say of a conversation, and when it began.
fn identity(events: LazyFrame, payments: LazyFrame) -> LazyFrame {
    let started = || kind_in(&["conversation.started"]);
    let stamps = payments.group_by(key()).agg([
        col("first_received").min().alias("payment_first"),
        col("last_received").max().alias("payment_last"),
    ]);
    events
        .group_by_stable(key())
        .agg([
            col("platform").first(),
            col("conversation_id").first(),
            first("bot_key").alias("bot_key"),
            first("bot_id").alias("bot_id"),
            first("user_key").alias("user_key"),
            first("country").alias("country"),
            first("acquisition").alias("acquisition"),
            col("time").filter(started()).min().alias("started_any"),
            col("time")
                .filter(started().and(test().not()))
                .min()
                .alias("started_live"),
            col("received_at").min().alias("own_first"),
            col("received_at").max().alias("own_last"),
        ])
        .join(stamps, key(), key(), JoinArgs::new(JoinType::Left))
        .with_columns([
            earlier(col("own_first"), col("payment_first")).alias("first_received"),
            later(col("own_last"), col("payment_last")).alias("last_received"),
        ])
}

fn earlier(a: Expr, b: Expr) -> Expr {
    when(b.clone().lt(a.clone())).then(b).otherwise(a)
}

fn later(a: Expr, b: Expr) -> Expr {
    when(b.clone().gt(a.clone())).then(b).otherwise(a)
}

/// The first checkout of the mode at or after the beginning, with its path and credential.
fn first_checkout(entries: LazyFrame, events: LazyFrame) -> LazyFrame {
    let begun = entries.filter(col("started_at").is_not_null()).select([
        col("conversation_key"),
        col("mode"),
        col("started_at"),
    ]);
    events
        .filter(kind_in(&["checkout.started"]))
        .select([
            col("conversation_key"),
            col("mode"),
            col("time"),
            col("path"),
            col("credential"),
        ])
        .join(
            begun,
            [col("conversation_key"), col("mode")],
            [col("conversation_key"), col("mode")],
            in_order(JoinType::Inner),
        )
        .filter(col("time").gt_eq(col("started_at")))
        .group_by_stable([col("conversation_key"), col("mode")])
        .agg([
            col("time").min().alias("checkout_at"),
            col("path").first(),
            col("credential").first(),
        ])
}

/// The first payment of the mode authorized or captured at or after that checkout.
fn first_paid(checkouts: LazyFrame, payments: LazyFrame) -> LazyFrame {
    payments
        .filter(col("first_paid_at").is_not_null())
        .select([col("conversation_key"), col("mode"), col("first_paid_at")])
        .join(
            checkouts.select([col("conversation_key"), col("mode"), col("checkout_at")]),
            [col("conversation_key"), col("mode")],
            [col("conversation_key"), col("mode")],
            JoinArgs::new(JoinType::Inner),
        )
        .filter(col("first_paid_at").gt_eq(col("checkout_at")))
        .group_by([col("conversation_key"), col("mode")])
        .agg([col("first_paid_at").min().alias("paid_at")])
}
