//! Checkouts, folded from the events that begin them and from the payments that belong to them.

use polars::prelude::*;

use super::{first, instants, kind_in};

/// Folds checkouts of some conversations: rows of `conversation_log` (all of each conversation)
/// and the payments that name these checkouts or belong to these conversations
/// (`payment_key`, `platform`, `checkout_id`, `conversation_key`, `mode`, `first_paid_at`,
/// `last_received`, times in microseconds).
///
/// A checkout is its id within the conversation, or without an id each event. A payment belongs to
/// the checkout it names, else to its conversation's latest checkout at or before it.
///
/// # Errors
/// When a column is missing or of another type.
pub fn fold(log: &DataFrame, payments: &DataFrame) -> PolarsResult<DataFrame> {
    let checkouts = begun(log.clone().lazy()).with_row_index("row", None).collect()?;
    let paid = belonging(checkouts.clone().lazy(), payments.clone().lazy())?
        .group_by([col("row")])
        .agg([
            col("first_paid_at")
                .filter(col("first_paid_at").gt_eq(col("started_at")))
                .min()
                .alias("paid_at"),
            col("last_received").max().alias("paid_received"),
        ]);
    checkouts
        .lazy()
        .join(paid, [col("row")], [col("row")], JoinArgs::new(JoinType::Left))
        .with_columns([when(col("paid_received").gt(col("last_received")))
            .then(col("paid_received"))
            .otherwise(col("last_received"))
            .alias("last_received")])
        .select(COLUMNS.map(col))
        .with_columns(instants(&["started_at", "paid_at", "first_received", "last_received"]))
        .sort(["started_at", "conversation_key"], Default::default())
        .collect()
}

const COLUMNS: [&str; 13] = [
    "conversation_key",
    "mode",
    "platform",
    "checkout_id",
    "bot_key",
    "bot_id",
    "country",
    "path",
    "credential",
    "started_at",
    "paid_at",
    "first_received",
    "last_received",
];

/// One row per checkout, as its earliest event tells it.
fn begun(log: LazyFrame) -> LazyFrame {
    let without_id = || col("checkout_id").is_null();
    let own = |name: &str, part: &str| when(without_id()).then(col(name)).otherwise(lit("")).alias(part);
    // A checkout is its conversation's, whose bot may not be the one that began it.
    let owners = log
        .clone()
        .sort(["conversation_key", "time", "source", "id"], Default::default())
        .group_by_stable([col("conversation_key")])
        .agg([
            first("bot_key").alias("bot_key"),
            first("bot_id").alias("bot_id"),
            first("country").alias("country"),
        ]);
    log.filter(kind_in(&["checkout.started"]))
        .sort(["conversation_key", "time", "source", "id"], Default::default())
        .with_columns([own("source", "own_source"), own("id", "own_id")])
        .group_by_stable(["conversation_key", "mode", "checkout_id", "own_source", "own_id"].map(col))
        .agg([
            col("platform").first(),
            col("path").first(),
            col("credential").first(),
            col("source").first(),
            col("id").first(),
            col("time").min().alias("started_at"),
            col("received_at").min().alias("first_received"),
            col("received_at").max().alias("last_received"),
        ])
        .join(
            owners,
            [col("conversation_key")],
            [col("conversation_key")],
            JoinArgs::new(JoinType::Left),
        )
        .sort(["conversation_key", "started_at", "source", "id"], Default::default())
}

/// Pairs of a checkout's row and a payment that belongs to it.
fn belonging(checkouts: LazyFrame, payments: LazyFrame) -> PolarsResult<LazyFrame> {
    let columns = || ["row", "started_at", "first_paid_at", "last_received"].map(col);
    let place = |frame: LazyFrame, key: &str| {
        frame.select([col("row"), col("started_at"), col("mode"), col("platform"), col(key)])
    };
    let named = payments
        .clone()
        .filter(col("checkout_id").is_not_null())
        .join(
            place(checkouts.clone(), "checkout_id").filter(col("checkout_id").is_not_null()),
            ["platform", "checkout_id", "mode"].map(col),
            ["platform", "checkout_id", "mode"].map(col),
            JoinArgs::new(JoinType::Inner),
        )
        .select(columns());
    let unnamed = payments
        .filter(col("checkout_id").is_null().and(col("first_paid_at").is_not_null()))
        .join(
            place(checkouts, "conversation_key"),
            ["conversation_key", "mode"].map(col),
            ["conversation_key", "mode"].map(col),
            JoinArgs::new(JoinType::Inner),
        )
        .filter(col("started_at").lt_eq(col("first_paid_at")))
        // Rows are in the order of their beginning, so the last one is the latest checkout.
        .sort(["payment_key", "row"], Default::default())
        .group_by_stable([col("payment_key")])
        .agg(["row", "started_at", "first_paid_at", "last_received"].map(|name| col(name).last()))
        .select(columns());
    concat([named, unnamed], UnionArgs::default())
}
