//! The earlier range of a comparison: a thin grey line behind a line, a thin grey stroke across a column.
//!
//! An earlier value stands where its bucket was complete, so none of it is drawn as incomplete.

use plotters::element::PathElement;

use super::canvas::{Canvas, stroke};
use super::data::Grid;
use super::marks::stretch;
use super::panel::Panel;
use crate::serve::charts::{ChartError, ChartRequest};

/// What an answer appends to the name of a column for its earlier value.
const SUFFIX: &str = "_previous";

/// Says that the earlier range was asked for and is not drawn.
pub(crate) fn note(request: &ChartRequest) -> Option<&'static str> {
    let asked = !columns(request).is_empty();
    if asked && !has_data(request) {
        return Some("no data in the earlier period");
    }
    (asked && !(request.picture.shows_earlier)(request)).then_some("earlier period in the table")
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
pub(crate) fn values(grid: &Grid, outer: usize, inner: usize, column: &str) -> Vec<Option<f64>> {
    let values = grid.floats(outer, inner, &format!("{column}{SUFFIX}"));
    match has_data(grid.request) {
        true => values,
        false => vec![None; values.len()],
    }
}

/// Whether a column has an earlier value.
pub(super) fn is_known(grid: &Grid, column: &str) -> bool {
    let known = |outer: usize, inner: usize| values(grid, outer, inner, column).iter().any(Option::is_some);
    (0..grid.outer.len()).any(|outer| (0..grid.inner.len()).any(|inner| known(outer, inner)))
}

/// A thin line through the earlier values, so far into their buckets, with gaps at nulls.
pub(crate) fn line(canvas: &Canvas, panel: &Panel, values: &[Option<f64>], into: f64) -> Result<(), ChartError> {
    let point = |(bucket, value): (usize, &Option<f64>)| value.map(|value| (bucket as f64 + into, value));
    let points: Vec<_> = values.iter().enumerate().map(point).collect();
    for run in points.split(Option::is_none) {
        let run = run.iter().flatten().copied().collect();
        stretch(panel, run, canvas.palette.neutral[2], 1.4)?;
    }
    Ok(())
}

/// A stroke across each column at its earlier value, with a rim that keeps it apart from the column.
pub(crate) fn strokes(canvas: &Canvas, panel: &Panel, values: &[Option<f64>]) -> Result<(), ChartError> {
    if panel.bands.slim() {
        return line(canvas, panel, values, 0.5);
    }
    let beyond = 2.0 / panel.bands.step;
    for (bucket, value) in values.iter().enumerate() {
        let Some(value) = *value else { continue };
        let (left, right) = panel.bands.column(bucket, 1.0);
        let across = [(left - beyond, value), (right + beyond, value)];
        panel.draw([
            PathElement::new(across, stroke(canvas.palette.background, 3.6)),
            PathElement::new(across, stroke(canvas.palette.neutral[2], 1.8)),
        ])?;
    }
    Ok(())
}
