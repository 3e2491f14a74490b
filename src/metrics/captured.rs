//! Payments at their first capture: how many, by whom, through which bots, and what became of them.

use polars::prelude::{Column, DataFrame, DataType, Int64Chunked, IntoLazy, IntoSeries, col, len};

use super::grouping::{Cells, Grid, counts, groups, keys};
use super::{MetricError, Question};

/// Payments at their first capture.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Captured {
    pub payments: i64,
    pub payers: i64,
    pub repeat_payers: i64,
    pub bots: i64,
    pub saved: i64,
    pub known_credential: i64,
    pub refunded: i64,
    pub disputed: i64,
}

/// Counts payments, people and bots, each bucket and group for itself: distinct counts do not add up.
pub(super) fn add_captured<T: Default + Clone>(
    question: &Question,
    frame: &DataFrame,
    names: &[&str],
    grid: &mut Grid<T>,
    own: impl Fn(&mut T) -> &mut Captured,
) -> Result<(), MetricError> {
    let mut frame = Cells::of(&question.range).with_buckets(frame)?;
    let end = |bucket: i64| {
        let bucket = usize::try_from(bucket)
            .ok()
            .and_then(|at| question.range.buckets.get(at));
        bucket.map_or(i64::MIN, |bucket| bucket.end.timestamp_micros())
    };
    let ends = counts(&frame, "bucket")?.into_iter().map(end).collect();
    frame.with_column(Column::from(
        Int64Chunked::from_vec("bucket_end".into(), ends).into_series(),
    ))?;
    let distinct = |name: &str| col(name).drop_nulls().n_unique().cast(DataType::Int64);
    let repeat = col("user_key").filter(col("second_at").lt(col("bucket_end")));
    let summary = frame
        .lazy()
        .group_by(keys(names))
        .agg([
            len().cast(DataType::Int64).alias("payments"),
            distinct("user_key").alias("payers"),
            repeat
                .drop_nulls()
                .n_unique()
                .cast(DataType::Int64)
                .alias("repeat_payers"),
            distinct("bot_key").alias("bots"),
            col("saved").sum(),
            col("saved").count().cast(DataType::Int64).alias("known_credential"),
            col("refunded").sum(),
            col("disputed").sum(),
        ])
        .collect()?;
    let column = |name: &str| counts(&summary, name);
    let (at, payments, payers) = (column("bucket")?, column("payments")?, column("payers")?);
    let (repeat_payers, bots, saved) = (column("repeat_payers")?, column("bots")?, column("saved")?);
    let (known, refunded, disputed) = (column("known_credential")?, column("refunded")?, column("disputed")?);
    for (row, group) in groups(&summary, names)?.iter().enumerate() {
        let Some(cell) = grid.at(usize::try_from(at[row]).unwrap_or(usize::MAX), group) else {
            continue;
        };
        *own(cell) = Captured {
            payments: payments[row],
            payers: payers[row],
            repeat_payers: repeat_payers[row],
            bots: bots[row],
            saved: saved[row],
            known_credential: known[row],
            refunded: refunded[row],
            disputed: disputed[row],
        };
    }
    Ok(())
}
