//! Movements: captures, refunds, disputes and reversals, each on its own date.

use polars::prelude::*;

use super::super::{kind_in, money_sum};
use super::captured;

/// One row per dispute: how far it went and how it ended.
pub(super) fn disputes(events: LazyFrame) -> LazyFrame {
    let inquiry = || col("stage").eq(lit("inquiry")).fill_null(lit(false));
    events
        .filter(kind_in(&["transaction.disputed", "transaction.dispute_closed"]))
        .group_by_stable([
            col("payment_key"),
            col("dispute_id").fill_null(lit("")).alias("dispute"),
        ])
        .agg([
            // A dispute of which no fact says that it is only an inquiry is a chargeback.
            inquiry()
                .not()
                .any(true)
                .and(
                    col("stage")
                        .eq(lit("chargeback"))
                        .any(true)
                        .or(inquiry().any(true).not()),
                )
                .alias("chargeback"),
            col("time").filter(inquiry().not()).min().alias("opened_at"),
            col("outcome").drop_nulls().last().alias("outcome"),
            col("time")
                .filter(col("outcome").is_not_null())
                .last()
                .alias("closed_at"),
            col("minor").max().fill_null(lit(0i64)).alias("minor"),
        ])
        .filter(col("chargeback"))
}

/// Everything that moves money or counts a dispute, each on its own date.
pub(super) fn movements(events: LazyFrame, disputes: LazyFrame) -> PolarsResult<DataFrame> {
    let captures = largest_of_each(events.clone().filter(captured()), &["capture_id", "attempt"]);
    let ended = |outcome: &'static str| disputes.clone().filter(col("outcome").eq(lit(outcome)));
    let plain = concat(
        [
            movement(captures, "capture", "at"),
            movement(refunds(events.clone())?, "refund", "at"),
            movement(ended("lost"), "dispute_lost", "closed_at"),
            movement(disputes.clone(), "chargeback_opened", "opened_at"),
            movement(ended("won"), "chargeback_won", "closed_at"),
            movement(ended("lost"), "chargeback_lost", "closed_at"),
        ],
        UnionArgs::default(),
    )?
    .collect()?
    .lazy();
    let all = concat(
        [plain.clone(), movement(reversals(events, plain), "reversal", "at")],
        UnionArgs::default(),
    )?;
    all.sort(["payment_key", "at", "kind", "minor"], Default::default())
        .collect()
}

fn movement(rows: LazyFrame, kind: &'static str, at: &str) -> LazyFrame {
    rows.select([
        col("payment_key"),
        lit(kind).alias("kind"),
        col(at).alias("at"),
        col("minor"),
    ])
    .filter(col("at").is_not_null())
}

/// The largest amount of each part of a payment, at the part's first time; a part is named by the
/// first of `names` that is there.
fn largest_of_each(events: LazyFrame, names: &[&str]) -> LazyFrame {
    let part = coalesce(&names.iter().map(|name| col(*name)).collect::<Vec<_>>()).alias("part");
    events.group_by_stable([col("payment_key"), part]).agg([
        col("time").min().alias("at"),
        col("minor").max().fill_null(lit(0i64)).alias("minor"),
    ])
}

/// Refunds by id; where a provider states only the sum so far, the steps by which that sum grew.
fn refunds(events: LazyFrame) -> PolarsResult<LazyFrame> {
    let refunds = events.filter(kind_in(&["transaction.refunded"]));
    let single = largest_of_each(refunds.clone().filter(col("cumulative").not()), &["refund_id", "id"]).select([
        col("payment_key"),
        col("at"),
        col("minor"),
    ]);
    let so_far = || col("minor").cum_max(false);
    let steps = refunds
        .filter(col("cumulative").and(col("minor").is_not_null()))
        .join(
            single.clone(),
            [col("payment_key")],
            [col("payment_key")],
            JoinArgs::new(JoinType::Anti),
        )
        .select([
            col("payment_key"),
            col("time").alias("at"),
            so_far().over([col("payment_key")])?.alias("so_far"),
        ])
        .with_columns([col("so_far")
            .shift(lit(1))
            .over([col("payment_key")])?
            .fill_null(lit(0i64))
            .alias("before")])
        .select([
            col("payment_key"),
            col("at"),
            (col("so_far") - col("before")).alias("minor"),
        ])
        .filter(col("minor").gt(lit(0i64)));
    concat([single, steps], UnionArgs::default())
}

/// What a reversal takes back beyond refunds and lost disputes: the same money never goes twice.
fn reversals(events: LazyFrame, movements: LazyFrame) -> LazyFrame {
    let back = || kind_in(&["refund", "dispute_lost"]);
    let sums = movements.clone().group_by([col("payment_key")]).agg([
        money_sum(col("minor").filter(kind_in(&["capture"]))).alias("captured"),
        money_sum(col("minor").filter(back())).alias("returned"),
    ]);
    let beside = movements
        .filter(back())
        .select([col("payment_key"), col("minor").alias("stated")]);
    let left = || col("captured") - col("returned");
    events
        .filter(kind_in(&["transaction.reversed"]))
        .group_by_stable([col("payment_key")])
        .agg([col("time").min().alias("at"), col("minor").max().alias("stated")])
        .join(
            beside,
            [col("payment_key"), col("stated")],
            [col("payment_key"), col("stated")],
            JoinArgs::new(JoinType::Anti),
        )
        .join(
            sums,
            [col("payment_key")],
            [col("payment_key")],
            JoinArgs::new(JoinType::Inner),
        )
        .select([
            col("payment_key"),
            col("at"),
            // Without an amount, all that is left is reversed.
            when(col("stated").is_null().or(col("stated").gt(left())))
                .then(left())
                .otherwise(col("stated"))
                .alias("minor"),
        ])
        .filter(col("minor").gt(lit(0i64)))
}
