//! Attempts: which try an event belongs to, and how each try was decided.

use polars::prelude::*;

use super::super::{first, first_where, in_order};
use super::{approval, captured, failed};

/// Names the attempt of each event: its own id; else, for approvals, the payment's approved
/// attempt; else each failure is one attempt.
pub(super) fn with_attempts(events: LazyFrame) -> LazyFrame {
    let approved = events
        .clone()
        .group_by([col("payment_key")])
        .agg([first_where("attempt_id", approval()).alias("approved_id")]);
    let without = col("attempt_id").is_null();
    events
        .join(
            approved,
            [col("payment_key")],
            [col("payment_key")],
            in_order(JoinType::Left),
        )
        .with_columns([
            when(without.clone().and(approval()))
                .then(coalesce(&[col("approved_id"), lit("")]))
                .when(without.clone().and(failed()))
                .then(col("id"))
                .otherwise(col("attempt_id"))
                .alias("attempt"),
            // A failure without an id is told apart by its event, whose identity has two parts.
            when(without.and(failed()))
                .then(col("source"))
                .otherwise(lit(""))
                .alias("attempt_source"),
        ])
}

/// One row per attempt: its first decision, and approval before failure.
pub(super) fn attempts(events: LazyFrame) -> PolarsResult<LazyFrame> {
    let decision = approval().or(failed());
    let reason = |name: &str| col(name).filter(failed()).first();
    let attempts = events
        .filter(col("attempt").is_not_null())
        .group_by_stable([col("payment_key"), col("attempt"), col("attempt_source")])
        .agg([
            col("time").filter(decision.clone()).min().alias("decided_at"),
            approval().any(true).alias("approved"),
            decision.clone().any(true).alias("decided"),
            reason("failure_kind").fill_null(lit("issuer")).alias("failure_kind"),
            reason("decline_code").alias("decline_code"),
            first("method").alias("method"),
            first("network").alias("network"),
            first("wallet").alias("wallet"),
            col("minor").filter(decision).max().alias("minor"),
        ])
        .sort(
            ["payment_key", "decided_at", "attempt", "attempt_source"],
            SortMultipleOptions::default().with_nulls_last(true),
        )
        .with_columns([
            col("payment_key").shift(lit(1)).alias("before"),
            col("decided")
                .and(
                    col("approved")
                        .or(col("failure_kind").eq(lit("issuer")))
                        .or(col("failure_kind").eq(lit("risk"))),
                )
                .alias("counted"),
        ])
        .with_columns([col("counted")
            .cast(DataType::Int64)
            .cum_sum(false)
            .over([col("payment_key")])?
            .alias("nth")])
        .select([
            col("payment_key"),
            col("attempt"),
            col("attempt_source"),
            col("decided")
                .and(col("before").is_null().or(col("before").neq(col("payment_key"))))
                .alias("first"),
            col("counted").and(col("nth").eq(lit(1i64))).alias("first_counted"),
            col("decided_at"),
            when(col("decided"))
                .then(col("approved"))
                .otherwise(lit(NULL))
                .cast(DataType::Boolean)
                .alias("approved"),
            unless_approved("failure_kind"),
            unless_approved("decline_code"),
            col("method"),
            col("network"),
            col("wallet"),
            col("minor"),
        ]);
    Ok(attempts)
}

/// Method, network, brand and wallet of each payment, as one attempt names them: the captured one, else the first
/// that was approved, else the first that was declined, else the first. Where it names none of them, the facts do
/// that belong to no attempt.
pub(super) fn cards(events: LazyFrame, attempts: LazyFrame) -> LazyFrame {
    let tries = events.clone().group_by_stable([col("payment_key")]).agg([
        coalesce(&[first_where("attempt", captured()), first_where("attempt", approval())]).alias("approved_try"),
        first("attempt").alias("first_try"),
        first_where("attempt_source", col("attempt").is_not_null()).alias("first_source"),
    ]);
    let declined = attempts.filter(col("first_counted")).select([
        col("payment_key"),
        col("attempt").alias("declined_try"),
        col("attempt_source").alias("declined_source"),
    ]);
    let key = || [col("payment_key")];
    let is_try = |name: &str, source: &str| col("attempt").eq(col(name)).and(col("attempt_source").eq(col(source)));
    let chosen = || {
        when(col("approved_try").is_not_null())
            .then(col("attempt").eq(col("approved_try")))
            .when(col("declined_try").is_not_null())
            .then(is_try("declined_try", "declined_source"))
            .otherwise(is_try("first_try", "first_source"))
            .fill_null(lit(false))
    };
    let is_named = NAMED
        .iter()
        .fold(lit(false), |any, name| any.or(col(*name).is_not_null()));
    let of_payment = |name: &'static str| {
        when(chosen().and(is_named.clone()).any(true))
            .then(first_where(name, chosen()))
            .otherwise(first_where(name, col("attempt").is_null()))
            .alias(name)
    };
    events
        .join(tries, key(), key(), in_order(JoinType::Left))
        .join(declined, key(), key(), in_order(JoinType::Left))
        .group_by_stable(key())
        .agg(NAMED.map(of_payment))
}

const NAMED: [&str; 4] = ["method", "network", "brand", "wallet"];

fn unless_approved(name: &str) -> Expr {
    when(col("decided").and(col("approved").not()))
        .then(col(name))
        .otherwise(lit(NULL))
        .cast(DataType::String)
        .alias(name)
}
