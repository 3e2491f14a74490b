//! Payments, with their attempts and dated movements, folded from the events that name them.

mod attempts;
mod captures;
mod disputes;
mod movements;
mod refunds;
mod returns;
mod reversals;
mod stated;

use polars::prelude::*;

use super::{first, first_where, in_order, instants, kind_in, money_sum};

/// What the events of some payments fold to.
pub struct PaymentFacts {
    /// One row per payment.
    pub payments: DataFrame,
    /// One row per attempt.
    pub attempts: DataFrame,
    /// One row per movement of money or of a dispute.
    pub movements: DataFrame,
}

const APPROVALS: [&str; 2] = ["transaction.authorized", "transaction.captured"];

fn approval() -> Expr {
    kind_in(&APPROVALS)
}

fn captured() -> Expr {
    kind_in(&["transaction.captured"])
}

fn failed() -> Expr {
    kind_in(&["transaction.failed"])
}

/// Folds rows of `payment_log`, all of each payment that occurs.
///
/// # Errors
/// When a column is missing or of another type.
pub fn fold(log: &DataFrame) -> PolarsResult<PaymentFacts> {
    // Sorted at once, and kept so through every join: a lazy sort before a join may be left out.
    let sorted = log.sort(["payment_key", "time", "source", "id"], Default::default())?;
    let events = one_currency(sorted.lazy()).collect()?.lazy();
    let events = attempts::with_attempts(events).collect()?.lazy();
    let events = captures::with_captures(events).collect()?.lazy();
    let attempts = attempts::attempts(events.clone())?.collect()?;
    let disputes = disputes::disputes(events.clone()).collect()?;
    let movements = movements::movements(events.clone(), disputes.clone().lazy())?;
    let payments = payments(
        events,
        attempts.clone().lazy(),
        disputes.lazy(),
        movements.clone().lazy(),
    )
    .collect()?;
    let attempts = standing_alone(attempts.drop("attempt_source")?, &payments, &[])?;
    let movements = standing_alone(movements, &payments, &["method", "network", "wallet"])?;
    Ok(PaymentFacts {
        payments,
        attempts: attempts.lazy().with_columns(instants(&["decided_at"])).collect()?,
        movements: movements.lazy().with_columns(instants(&["at"])).collect()?,
    })
}

/// What attempts and movements take over from their payment, in the order of the tables.
const TAKEN_OVER: [&str; 10] = [
    "mode",
    "platform",
    "bot_key",
    "bot_id",
    "conversation_key",
    "path",
    "credential",
    "provider",
    "currency",
    "exponent",
];

/// Rows with the payment's own columns beside them, so that no question has to join.
fn standing_alone(rows: DataFrame, payments: &DataFrame, card: &[&str]) -> PolarsResult<DataFrame> {
    let mut taken: Vec<Expr> = vec![col("payment_key")];
    taken.extend(card.iter().chain(&TAKEN_OVER).map(|name| col(*name)));
    taken.push(coalesce(&[col("first_capture_at"), col("first_fact_at")]).alias("rate_at"));
    let payments = payments.clone().lazy().select(taken);
    let key = || [col("payment_key")];
    rows.lazy()
        .join(payments, key(), key(), in_order(JoinType::Left))
        .collect()
}

/// Gives every payment the currency of its first capture, else of its first amount; amounts in
/// another one are left out, because unlike currencies are never added.
fn one_currency(events: LazyFrame) -> LazyFrame {
    let chosen = events.clone().group_by([col("payment_key")]).agg([
        coalesce(&[first_where("currency", captured()), first("currency")]).alias("chosen"),
        coalesce(&[first_where("exponent", captured()), first("exponent")]).alias("chosen_exponent"),
    ]);
    let same = col("currency").eq(col("chosen"));
    events
        .join(
            chosen,
            [col("payment_key")],
            [col("payment_key")],
            in_order(JoinType::Left),
        )
        .with_columns(["minor", "released"].map(|amount| {
            when(same.clone())
                .then(col(amount))
                .otherwise(lit(NULL))
                .cast(DataType::Int64)
                .alias(amount)
        }))
}

/// One row per payment.
fn payments(events: LazyFrame, attempts: LazyFrame, disputes: LazyFrame, movements: LazyFrame) -> LazyFrame {
    let sum_of = |kind: &'static str, name: &str| money_sum(col("minor").filter(kind_in(&[kind]))).alias(name);
    let first_of = |kind: &'static str, name: &str| col("at").filter(kind_in(&[kind])).min().alias(name);
    let sums = movements.group_by([col("payment_key")]).agg([
        sum_of("capture", "captured"),
        sum_of("refund", "refunded"),
        sum_of("dispute_lost", "disputed_lost"),
        sum_of("reversal", "reversed"),
        first_of("refund", "first_refund_at"),
        first_of("chargeback_opened", "first_chargeback_at"),
    ]);
    let ends = disputes.group_by([col("payment_key")]).agg([
        col("outcome").eq(lit("lost")).any(true).alias("is_lost"),
        col("is_open").any(true).alias("is_disputed"),
    ]);
    let decided = attempts
        .clone()
        .group_by([col("payment_key")])
        .agg([col("approved").eq(lit(false)).any(true).alias("has_failed")]);
    let cards = attempts::cards(events.clone(), attempts);
    let key = || [col("payment_key")];
    let left = || JoinArgs::new(JoinType::Left);
    identity(events)
        .join(cards, key(), key(), left())
        .join(sums, key(), key(), left())
        .join(ends, key(), key(), left())
        .join(decided, key(), key(), left())
        .with_columns(
            ["captured", "refunded", "disputed_lost", "reversed", "authorized"]
                .map(|name| col(name).fill_null(lit(0i64))),
        )
        .with_columns([state().alias("state")])
        .select(COLUMNS.map(col))
        .with_columns(instants(&[
            "first_fact_at",
            "first_paid_at",
            "first_capture_at",
            "first_refund_at",
            "first_chargeback_at",
            "first_received",
            "last_received",
        ]))
}

const COLUMNS: [&str; 31] = [
    "payment_key",
    "provider",
    "payment_id",
    "mode",
    "platform",
    "bot_key",
    "bot_id",
    "conversation_key",
    "user_key",
    "checkout_id",
    "path",
    "credential",
    "method",
    "network",
    "brand",
    "wallet",
    "currency",
    "exponent",
    "state",
    "first_fact_at",
    "first_paid_at",
    "first_capture_at",
    "first_refund_at",
    "first_chargeback_at",
    "authorized",
    "captured",
    "refunded",
    "disputed_lost",
    "reversed",
    "first_received",
    "last_received",
];

/// What the events say directly: names from the earliest that has them.
fn identity(events: LazyFrame) -> LazyFrame {
    let has = |kind: &'static str| kind_in(&[kind]).any(true);
    let bot = || col("bot_key").is_not_null();
    events.group_by_stable([col("payment_key")]).agg([
        // Of its own name: other names lead to the payment, but are not it.
        first_where("provider", col("is_own")),
        first_where("payment_id", col("is_own")),
        // One test event makes the payment a test: live money is never marked as a test.
        col("mode").max(),
        // A bot is (platform, id): both come from the same fact.
        coalesce(&[first_where("platform", bot()), first("platform")]).alias("platform"),
        first("bot_key").alias("bot_key"),
        first_where("bot_id", bot()).alias("bot_id"),
        first("conversation_key").alias("conversation_key"),
        first("user_key").alias("user_key"),
        first("checkout_id").alias("checkout_id"),
        first("path").alias("path"),
        first("credential").alias("credential"),
        col("chosen").first().alias("currency"),
        col("chosen_exponent").first().alias("exponent"),
        col("time").min().alias("first_fact_at"),
        col("time").filter(approval()).min().alias("first_paid_at"),
        col("time").filter(captured()).min().alias("first_capture_at"),
        col("minor")
            .filter(kind_in(&["transaction.authorized"]))
            .max()
            .alias("authorized"),
        has("transaction.requires_action").alias("has_action"),
        has("transaction.cancelled").alias("has_cancelled"),
        col("received_at").min().alias("first_received"),
        col("received_at").max().alias("last_received"),
    ])
}

/// The state by precedence (definitions, section 5); a reversal counts as a refund does.
fn state() -> Expr {
    let flag = |name: &str| col(name).fill_null(lit(false));
    let is_captured = || col("first_capture_at").is_not_null();
    // Two sums of 64 bits.
    let wide = |name: &str| col(name).cast(DataType::Int128);
    let returned = || wide("refunded") + wide("reversed");
    let none = || lit(0i64).cast(DataType::Int128);
    when(flag("is_lost"))
        .then(lit("dispute_lost"))
        .when(flag("is_disputed"))
        .then(lit("disputed"))
        .when(
            is_captured()
                .and(returned().gt(none()))
                .and(returned().gt_eq(wide("captured"))),
        )
        .then(lit("refunded"))
        .when(returned().gt(none()))
        .then(lit("partly_refunded"))
        .when(is_captured())
        .then(lit("captured"))
        .when(col("first_paid_at").is_not_null())
        .then(lit("authorized"))
        .when(flag("has_action"))
        .then(lit("requires_action"))
        .when(flag("has_failed"))
        .then(lit("failed"))
        .when(flag("has_cancelled"))
        .then(lit("cancelled"))
        .otherwise(lit("initiated"))
}
