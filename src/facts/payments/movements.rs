//! Movements: captures, refunds, disputes and reversals, each on its own date.

use polars::prelude::*;

use super::super::kind_in;
use super::{captured, returns};

/// Everything that moves money or counts a dispute, each on its own date.
pub(super) fn movements(events: LazyFrame, disputes: LazyFrame) -> PolarsResult<DataFrame> {
    let ended = |outcome: &'static str| disputes.clone().filter(col("outcome").eq(lit(outcome)));
    let refunds = returns::refunds(events.clone())?;
    let plain = concat(
        [
            movement(captures(events.clone()), "capture", "at"),
            movement(refunds.lazy(), "refund", "at"),
            movement(ended("lost"), "dispute_lost", "closed_at"),
            movement(disputes.clone(), "chargeback_opened", "opened_at"),
            movement(ended("won"), "chargeback_won", "closed_at"),
            movement(ended("lost"), "chargeback_lost", "closed_at"),
        ],
        UnionArgs::default(),
    )?
    .collect()?;
    let reversals = returns::reversals(events, &plain)?;
    let all = concat(
        [plain.lazy(), movement(reversals.lazy(), "reversal", "at")],
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

/// The largest amount of each capture, at its first time; one without an id is its attempt's.
///
/// A charge that its intent and a messenger tell of as well goes by one id, and so counts once.
fn captures(events: LazyFrame) -> LazyFrame {
    let part = coalesce(&[col("capture_id"), col("attempt")]).alias("part");
    events
        .filter(captured())
        .group_by_stable([col("payment_key"), part])
        .agg([
            col("time").min().alias("at"),
            col("minor").max().fill_null(lit(0i64)).alias("minor"),
        ])
}

/// Facts about money that goes back, of payments from which any was taken.
///
/// What was reserved and given up again was never taken: providers call its release a refund too.
pub(super) fn going_back(events: LazyFrame, kind: &'static str) -> PolarsResult<DataFrame> {
    let payment = || [col("payment_key")];
    let taken = captured().any(true).over(payment())?;
    let given_up = kind_in(&["transaction.cancelled"]).any(true).over(payment())?;
    events
        .filter(taken.or(given_up.not()))
        .filter(kind_in(&[kind]))
        .sort(["payment_key", "time", "source", "id"], Default::default())
        .collect()
}
