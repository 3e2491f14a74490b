//! The default funnel by conversation: from the cube as far as that goes, else from the facts.

use chrono::{DateTime, TimeDelta, Utc};
use polars::prelude::{DataFrame, IntoLazy, col};

use super::funnel::{Funnel, Tallies};
use super::{DIMENSIONS, is_fast, micros, window};
use crate::metrics::grouping::{Cells, buckets, counts, groups, range_params, use_bot};
use crate::metrics::{Frames, MetricError, Question};
use crate::model::{Param, Params};

/// Dimensions that the cube has.
const CELL_DIMENSIONS: &[&str] = &["platform", "path"];
/// Microseconds of a cell of the cube.
const CELL: i64 = 900_000_000;

/// The instant up to which the cube answers; from there on conversations are counted one by one.
///
/// The cube knows whole quarter hours, the default window and two dimensions, and what is in it has to
/// be closed.
fn cube_until(question: &Question) -> DateTime<Utc> {
    let asked = question
        .group_by
        .iter()
        .copied()
        .chain(question.filters.iter().map(|filter| filter.dimension));
    let whole = |at: DateTime<Utc>| at.timestamp_micros().rem_euclid(CELL) == 0;
    let edges = question
        .range
        .buckets
        .iter()
        .flat_map(|bucket| [bucket.start, bucket.end]);
    let fits = window(question) == TimeDelta::hours(24)
        && asked.into_iter().all(|dimension| CELL_DIMENSIONS.contains(&dimension))
        && edges.into_iter().all(whole);
    let closed = (question.as_of - TimeDelta::hours(24)).timestamp_micros();
    match DateTime::from_timestamp_micros(closed - closed.rem_euclid(CELL)) {
        Some(closed) if fits => closed.clamp(question.range.from, question.range.to),
        _ => question.range.from,
    }
}

/// The parameters of the cube's query.
pub(super) fn cell_params(question: &Question) -> Params {
    let mut params = range_params(question);
    params.extend(Funnel::of(question).dimension_params(CELL_DIMENSIONS));
    bounded(question, params, "to")
}

/// The parameters of the query that counts one by one.
pub(super) fn count_params(question: &Question) -> Params {
    bounded(question, fact_params(question), "from")
}

/// The parameters of the query for times.
pub(super) fn duration_params(question: &Question) -> Params {
    if is_fast(question) {
        fact_params(question)
    } else {
        Params::new()
    }
}

fn fact_params(question: &Question) -> Params {
    let mut params = range_params(question);
    params.extend([
        ("window", micros(window(question))),
        ("open_after", Param::Time(question.as_of - window(question))),
        use_bot(question),
    ]);
    params.extend(Funnel::of(question).dimension_params(DIMENSIONS));
    params
}

/// The parameters with one of the ends moved to where the cube ends; none for any other funnel.
fn bounded(question: &Question, mut params: Params, name: &str) -> Params {
    if !is_fast(question) {
        return Params::new();
    }
    params
        .iter_mut()
        .filter(|(other, _)| *other == name)
        .for_each(|(_, value)| *value = Param::Time(cube_until(question)));
    params
}

/// Counts and takes times from the three frames.
pub(super) fn tally(funnel: &Funnel, frames: &Frames, tallies: &mut Tallies) -> Result<(), MetricError> {
    let cells = Cells::of(&funnel.question.range);
    // Where the cube does not answer it has no rows, and not all the columns that are grouped by.
    if frames.get("cells")?.height() > 0 {
        count(funnel, frames.get("cells")?, &cells, tallies)?;
    }
    count(funnel, frames.get("counts")?, &cells, tallies)?;
    let durations = cells.with_buckets(frames.get("durations")?)?;
    let steps = [
        (1, col("to_checkout"), col("to_checkout")),
        (2, col("to_paid"), col("to_paid") - col("to_checkout")),
    ];
    for (index, from_entry, from_previous) in steps {
        let reached = durations.clone().lazy().filter(from_entry.clone().is_not_null());
        funnel.time(reached, index, from_entry, from_previous, tallies)?;
    }
    Ok(())
}

fn count(funnel: &Funnel, frame: &DataFrame, cells: &Cells, tallies: &mut Tallies) -> Result<(), MetricError> {
    let (at, open) = (buckets(frame, cells)?, counts(frame, "open")?);
    let entered = counts(frame, "entered")?;
    let reached = [entered.clone(), counts(frame, "checkout")?, counts(frame, "paid")?];
    for (row, group) in groups(frame, &funnel.split)?.iter().enumerate() {
        for (index, reached) in reached.iter().enumerate() {
            let Some(tally) = funnel.tally(tallies, at[row], group, index) else {
                continue;
            };
            tally.entered += entered[row];
            if open[row] == 1 {
                tally.open += entered[row];
                tally.open_reached += reached[row];
            } else {
                tally.reached += reached[row];
            }
        }
    }
    Ok(())
}
