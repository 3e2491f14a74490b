//! The path effect over time: each comparison's difference with its interval, and beside it the adjusted one.

use super::comparisons::rows;
use super::path_effect::{PLOTTED, SPLIT, adjusted};
use crate::serve::charts::kit::{
    Canvas, Cell, Grid, Hit, Kind, Legend, Mark, Notes, Panel, Rect, Spec, arrangement, cells, centred, header, hits,
    line, no_data, per, ribbon, stack, whole, words,
};
use crate::serve::charts::{ChartError, ChartRequest};

const TOLD: [&str; 5] = [
    "n",
    "baseline_n",
    "difference",
    "adjusted_difference",
    "adjusted_coverage",
];

/// The least room for one group, and the least height of one comparison.
const LEAST: (f64, f64) = (220.0, 130.0);
const LEAST_PANEL: f64 = 84.0;

/// Draws a panel for each comparison, and for each group a cell of them.
pub(super) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, Some(SPLIT));
    if !grid.has_data(&["n", "baseline_n"]) {
        return no_data(canvas, request, "No checkout with a known path whose window is over");
    }
    let palette = canvas.palette;
    let mut legend = Legend::default();
    legend
        .line(palette.series[0], "difference")
        .block(palette.tint(palette.series[0], 0.8), "95% interval")
        .line(palette.series[2], adjusted(canvas));
    if grid.complete.contains(&false) {
        legend.add(Mark::Dashed(palette.muted), "incomplete");
    }
    let all = (0..grid.inner.len()).filter(|inner| (0..grid.outer.len()).any(|outer| known(&grid, outer, *inner)));
    if all.count() > fitting(&grid, canvas.frame.inset(16.0, 90.0, 16.0, 0.0)) {
        legend.no_room("further comparisons");
    }
    let body = header(canvas, request, &legend)?;
    let (mut drawn, mut told) = (Vec::new(), Vec::new());
    let size = |outer| grid.size(outer, "n") + grid.size(outer, "baseline_n");
    for Cell { outer, place } in cells(canvas, &grid, body, LEAST, (size, "checkouts"))? {
        told.extend(comparisons(canvas, &grid, outer, place)?);
        drawn.push(outer);
    }
    Ok(Notes {
        summary: summary(&grid, &drawn),
        hits: told,
        series: grid.series(&PLOTTED, &drawn),
    })
}

/// Whether a comparison of a group has a difference in any bucket.
fn known(grid: &Grid, outer: usize, inner: usize) -> bool {
    grid.floats(outer, inner, "difference").iter().any(Option::is_some)
}

/// Comparisons that have a panel each where the groups share a place.
fn fitting(grid: &Grid, body: Rect) -> usize {
    let (_, _, rows) = arrangement(grid.outer.len(), body, LEAST);
    panels_in(body.h / rows.max(1) as f64 - if grid.outer.len() > 1 { 24.0 } else { 0.0 })
}

fn panels_in(height: f64) -> usize {
    ((height - 30.0) / LEAST_PANEL).max(1.0) as usize
}

/// Values in percentage points, cut where an interval of a few cases would flatten the rest.
fn points(grid: &Grid, outer: usize, inner: usize, column: &str, most: f64) -> Vec<Option<f64>> {
    let values = grid.floats(outer, inner, column).into_iter();
    values
        .map(|value| value.map(|value| (value * 100.0).clamp(-most, most)))
        .collect()
}

fn comparisons(canvas: &Canvas, grid: &Grid, outer: usize, place: Rect) -> Result<Vec<Hit>, ChartError> {
    let known = |inner: &usize| known(grid, outer, *inner);
    let mut shown: Vec<usize> = (0..grid.inner.len()).filter(known).take(panels_in(place.h)).collect();
    if shown.is_empty() {
        shown.push(0);
    }
    let fold = |inner: usize, columns: &[&str], most: f64, fold: fn(f64, f64) -> f64| {
        let values = columns
            .iter()
            .flat_map(|column| points(grid, outer, inner, column, most));
        values.flatten().fold(0.0, fold)
    };
    let ends = |inner: usize| {
        let largest = fold(inner, &["difference", "adjusted_difference"], 100.0, |one, other| {
            one.max(other.abs())
        });
        (largest * 1.8).clamp(2.0, 100.0)
    };
    let spec = |inner: &usize| {
        let most = ends(*inner);
        let range = (
            fold(*inner, &["ci_low"], most, f64::min),
            fold(*inner, &["ci_high"], most, f64::max),
        );
        let caption = format!("{}: points{}", name(grid, outer, *inner), per(grid.request));
        Spec::new(1.0, range, Kind::Real, caption)
    };
    let specs: Vec<Spec> = shown.iter().map(spec).collect();
    let panels = stack(canvas, grid.request.range, place, &specs, 4.0)?;
    for (inner, panel) in shown.iter().zip(&panels) {
        differences(canvas, grid, panel, (outer, *inner), ends(*inner))?;
    }
    Ok(hits(grid, whole(&panels), &[outer], &TOLD))
}

fn differences(
    canvas: &Canvas,
    grid: &Grid,
    panel: &Panel,
    (outer, inner): (usize, usize),
    most: f64,
) -> Result<(), ChartError> {
    let [crude, adjusted] = [canvas.palette.series[0], canvas.palette.series[2]];
    let values = |column| points(grid, outer, inner, column, most);
    ribbon(panel, &values("ci_low"), &values("ci_high"), crude)?;
    for (column, color) in [("adjusted_difference", adjusted), ("difference", crude)] {
        line(canvas, panel, &centred(&values(column), &grid.complete), color, 2.0)?;
    }
    Ok(())
}

/// "in thread against redirect".
fn name(grid: &Grid, outer: usize, inner: usize) -> String {
    let [level, baseline] = ["level", "baseline"].map(|column| words(&grid.whole_shown(outer, inner, column)));
    format!("{level} against {baseline}")
}

fn summary(grid: &Grid, drawn: &[usize]) -> String {
    let drawn = rows(grid).into_iter().filter(|row| drawn.contains(&row.outer));
    drawn.map(|row| row.told()).collect::<Vec<_>>().join(" ")
}
