//! The earlier range of a comparison: a thin grey line behind a line, a thin grey stroke across a column.
//!
//! An earlier value stands where its bucket was complete, so none of it is drawn as incomplete.

use super::canvas::Canvas;
use super::data::Grid;
use super::frame::{Entry, Mark};
use super::panel::Panel;
use super::{ChartError, ChartRequest};

/// What an answer appends to the name of a column for its earlier value.
const SUFFIX: &str = "_previous";

/// Pictures over time that show the earlier range, and those that show it with groups too.
const SHOWN: [&str; 5] = ["bot-growth", "bot-activity", "bot-activation", "conversion", "payments"];
const SHOWN_BY_GROUP: [&str; 2] = ["bot-activity", "payments"];

/// Says that the earlier range was asked for and is not drawn; a change is a comparison in itself.
pub(super) fn note(request: &ChartRequest) -> Option<&'static str> {
    let asked = !columns(request).is_empty();
    if asked && !has_data(request) {
        return Some("no data in the earlier period");
    }
    let shown = if request.group_by.is_empty() {
        SHOWN.as_slice()
    } else {
        &SHOWN_BY_GROUP
    };
    // A population has an axis of time also in one bucket; the others are drawn as bars then.
    let over_time = request.range.buckets.len() > 1 || request.metric == "bot-growth";
    let drawn = over_time && shown.contains(&request.metric);
    (asked && !drawn && request.metric != "change").then_some("earlier period in the table")
}

/// The columns of earlier values. A step's rate from the previous one is a column of its own.
fn columns(request: &ChartRequest) -> Vec<usize> {
    let is_earlier = |name: &str| {
        let own = name.strip_suffix(SUFFIX);
        own.is_some_and(|own| request.table.position(own).is_some())
    };
    let all = request.table.columns.iter().enumerate();
    all.filter(|(_, column)| is_earlier(&column.name))
        .map(|(at, _)| at)
        .collect()
}

/// Whether anything at all was counted in the earlier range: nothing is no lower than it.
fn has_data(request: &ChartRequest) -> bool {
    let columns = columns(request);
    let mut rows = request.table.rows.iter();
    rows.any(|row| {
        columns
            .iter()
            .any(|at| row[*at].as_f64().is_some_and(|value| value != 0.0))
    })
}

/// The earlier values of a column; all null where none were asked for, or nothing was counted.
pub(super) fn values(grid: &Grid, outer: usize, inner: usize, column: &str) -> Vec<Option<f64>> {
    let values = grid.floats(outer, inner, &format!("{column}{SUFFIX}"));
    match has_data(grid.request) {
        true => values,
        false => vec![None; values.len()],
    }
}

/// The entry of the legend, where a column has an earlier value.
pub(super) fn entry(canvas: &Canvas, grid: &Grid, column: &str) -> Option<Entry> {
    let known = |outer: usize| {
        (0..grid.inner.len()).any(|inner| values(grid, outer, inner, column).iter().any(Option::is_some))
    };
    let any = (0..grid.outer.len()).any(known);
    any.then(|| Entry::new(Mark::Line(canvas.palette.neutral[2]), "earlier period"))
}

/// A thin line through the earlier values at these places, with gaps at nulls.
pub(super) fn line(
    canvas: &Canvas,
    panel: &Panel,
    values: &[Option<f64>],
    x: impl Fn(usize) -> f64,
) -> Result<(), ChartError> {
    let mut run: Vec<(f64, f64)> = Vec::new();
    for bucket in 0..=values.len() {
        match values.get(bucket).copied().flatten() {
            Some(value) => run.push((x(bucket), panel.y(value))),
            None => match std::mem::take(&mut run).as_slice() {
                [] => {}
                [at] => canvas.disc(*at, 1.8, canvas.palette.neutral[2])?,
                run => canvas.path(run, canvas.palette.neutral[2], 1.4)?,
            },
        }
    }
    Ok(())
}

/// A stroke across each column at its earlier value, with a rim that keeps it apart from the column.
pub(super) fn strokes(canvas: &Canvas, panel: &Panel, values: &[Option<f64>]) -> Result<(), ChartError> {
    if panel.bands.slim() {
        return line(canvas, panel, values, |bucket| panel.bands.centre(bucket));
    }
    for (bucket, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let ((left, width), y) = (panel.bands.column(bucket, 1.0), panel.y(*value));
        let across = [(left - 2.0, y), (left + width + 2.0, y)];
        canvas.path(&across, canvas.palette.background, 3.6)?;
        canvas.path(&across, canvas.palette.neutral[2], 1.8)?;
    }
    Ok(())
}
