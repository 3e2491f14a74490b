//! Captures: which one each fact is about, and how much each took when.

use polars::prelude::*;

use super::super::in_order;
use super::captured;

/// Names the capture of each event: the one that it states, else its attempt. What goes back and states none is
/// about the payment's only capture, where there is only one.
pub(super) fn with_captures(events: LazyFrame) -> LazyFrame {
    let own = || coalesce(&[col("capture_id"), col("attempt")]);
    let only = events
        .clone()
        .filter(captured())
        .group_by([col("payment_key")])
        .agg([own().n_unique().alias("captures"), own().first().alias("only_capture")]);
    let only = only
        .filter(col("captures").eq(lit(1u32)))
        .select([col("payment_key"), col("only_capture")]);
    events
        .join(
            only,
            [col("payment_key")],
            [col("payment_key")],
            in_order(JoinType::Left),
        )
        .with_columns([when(captured())
            .then(own())
            .otherwise(coalesce(&[col("capture_id"), col("only_capture"), col("attempt_id")]))
            .alias("capture")])
}

/// The moments at which each capture's sum grew, and by how much.
///
/// A statement of the whole capture counts with the largest such amount from the first one on; a statement of the
/// sum so far counts from its own moment on. A charge that its intent and a messenger tell of as well goes by one id,
/// and so counts once.
pub(super) fn captures(events: LazyFrame) -> PolarsResult<DataFrame> {
    let part = || [col("payment_key"), col("capture")];
    let minor = || col("minor").fill_null(lit(0i64));
    let whole = minor().filter(col("cumulative").not()).max().over(part())?;
    let stated = when(col("cumulative")).then(minor()).otherwise(whole);
    events
        .filter(captured())
        .with_columns([stated.alias("stated")])
        .group_by([col("payment_key"), col("capture"), col("time").alias("at")])
        .agg([col("stated").max()])
        .sort(["payment_key", "capture", "at"], Default::default())
        .with_columns([col("stated").cum_max(false).over(part())?.alias("so_far")])
        .with_columns([col("so_far").shift(lit(1)).over(part())?.alias("before")])
        .filter(col("before").is_null().or(col("so_far").gt(col("before"))))
        .select([
            col("payment_key"),
            col("capture"),
            col("at"),
            (col("so_far") - col("before").fill_null(lit(0i64))).alias("minor"),
        ])
        .collect()
}
