//! A bot's day: the quarter hours in which it was active, as masks, so that any zone can be answered.

use polars::prelude::*;

use super::instants;

/// Unites masks of the same bot, mode and UTC day.
///
/// `activity` has `bot_key`, `mode`, `day`, `low`, `high`, `first_received`, `last_received`; rows may
/// repeat and overlap.
///
/// # Errors
/// When a column is missing or of another type.
pub fn fold(activity: &DataFrame) -> PolarsResult<DataFrame> {
    activity
        .clone()
        .lazy()
        .group_by([col("bot_key"), col("mode"), col("day")])
        .agg([
            col("low").bitwise_or(),
            col("high").bitwise_or(),
            col("first_received").min(),
            col("last_received").max(),
        ])
        .with_columns(instants(&["first_received", "last_received"]))
        .sort(["day", "bot_key", "mode"], Default::default())
        .collect()
}
