//! Disputes: how far each went, whether it is still open, and how it ended.

use polars::prelude::*;

use super::super::kind_in;

const OPENED: &str = "transaction.disputed";
const CLOSED: &str = "transaction.dispute_closed";

/// One row per dispute that is more than an inquiry.
///
/// Of several outcomes the latest stands: a lost dispute may yet be won. Won and lost weigh more than
/// open, and so does an end without a winner, unless the dispute was opened again after it.
pub(super) fn disputes(events: LazyFrame) -> LazyFrame {
    let inquiry = || col("stage").eq(lit("inquiry")).fill_null(lit(false));
    let last_of = |kind: &'static str| col("time").filter(kind_in(&[kind])).max();
    let outcome = || col("outcome").drop_nulls().last();
    events
        .filter(kind_in(&[OPENED, CLOSED]))
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
            outcome().alias("outcome"),
            // Later facts repeat how it ended.
            col("time")
                .filter(col("outcome").eq(outcome()))
                .min()
                .alias("closed_at"),
            last_of(OPENED).alias("last_opened"),
            last_of(CLOSED).alias("last_closed"),
            col("minor").max().fill_null(lit(0i64)).alias("minor"),
        ])
        .filter(col("chargeback"))
        .with_columns([col("outcome")
            .is_null()
            .and(
                col("last_closed")
                    .is_null()
                    .or(col("last_opened").gt(col("last_closed")).fill_null(lit(false))),
            )
            .alias("is_open")])
}
