//! Disputes: how far each went, whether it is still open, and how it ended.

use polars::prelude::*;

use super::super::{in_order, kind_in, money_sum};

const OPENED: &str = "transaction.disputed";
const CLOSED: &str = "transaction.dispute_closed";

/// One row per dispute that is more than an inquiry.
///
/// Of several outcomes the latest stands: a lost dispute may yet be won. Won and lost weigh more than
/// open, and so does an end without a winner, unless the dispute was opened again after it.
pub(super) fn disputes(events: LazyFrame) -> LazyFrame {
    let amounts = amounts(events.clone());
    let by = || [col("payment_key"), col("dispute")];
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
        ])
        .join(amounts, by(), by(), in_order(JoinType::Left))
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

/// What each dispute is about: its largest amount, or where it names captures of the payment, that of each.
fn amounts(events: LazyFrame) -> LazyFrame {
    let named = || col("capture_id").is_not_null();
    let most = || col("minor").filter(named().not()).max().fill_null(lit(0i64));
    let sum = || money_sum(col("minor").filter(named()));
    by_capture(events).group_by([col("payment_key"), col("dispute")]).agg([
        when(sum().gt(most())).then(sum()).otherwise(most()).alias("minor"),
        sum().gt(most()).alias("in_parts"),
    ])
}

/// What lost disputes took back, capture by capture where they name them.
pub(super) fn lost(events: LazyFrame, lost: LazyFrame) -> PolarsResult<DataFrame> {
    let by = || [col("payment_key"), col("dispute")];
    by_capture(events)
        .join(
            lost.select([col("payment_key"), col("dispute"), col("in_parts")]),
            by(),
            by(),
            JoinArgs::new(JoinType::Inner),
        )
        .filter(col("capture_id").is_not_null().eq(col("in_parts")))
        .select([
            col("payment_key"),
            col("dispute"),
            coalesce(&[col("capture_id"), col("capture")]).alias("capture"),
            col("minor"),
        ])
        .sort(["payment_key", "dispute", "capture"], Default::default())
        .collect()
}

/// The largest amount of each dispute about each capture that it names.
fn by_capture(events: LazyFrame) -> LazyFrame {
    events
        .filter(kind_in(&[OPENED, CLOSED]))
        .group_by([
            col("payment_key"),
            col("dispute_id").fill_null(lit("")).alias("dispute"),
            col("capture_id"),
        ])
        .agg([col("minor").max().fill_null(lit(0i64)), col("capture").min()])
}
