//! Movements: captures, refunds, disputes and reversals, each on its own date.

use polars::prelude::*;

use super::captures::captures;
use super::disputes;
use super::returns::returns;

/// Everything that moves money or counts a dispute, each on its own date.
pub(super) fn movements(events: LazyFrame, disputes: LazyFrame) -> PolarsResult<DataFrame> {
    let ended = |outcome: &'static str| disputes.clone().filter(col("outcome").eq(lit(outcome)));
    let captures = captures(events.clone())?;
    let lost = disputes::lost(events.clone(), ended("lost"))?;
    let back = returns(events, &captures, &lost)?;
    let all = concat(
        [
            movement(captures.lazy(), "capture", "at"),
            movement(back.refunds.lazy(), "refund", "at"),
            movement(back.reversals.lazy(), "reversal", "at"),
            movement(ended("lost"), "dispute_lost", "closed_at"),
            movement(disputes.clone(), "chargeback_opened", "opened_at"),
            movement(ended("won"), "chargeback_won", "closed_at"),
            movement(ended("lost"), "chargeback_lost", "closed_at"),
        ],
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
