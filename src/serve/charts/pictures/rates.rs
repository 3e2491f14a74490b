//! Conversion over time: the rate of each step with its interval, and what became of the entries.

use plotters::style::RGBColor;

use super::compare::{last_steps, tell_earlier_steps};
use super::funnel::{PLOTTED, TOLD, summary};
use crate::serve::charts::kit::{
    Canvas, Columns, EndLabel, Grid, Kind, Legend, Mark, Notes, Panel, Spec, centred, columns, earlier, end_labels,
    end_width, ends, header, hits, line, most_lines, named, no_data, per, percent, ribbon, stack, stacked, whole,
};
use crate::serve::charts::{ChartError, ChartRequest};

/// A rate over the buckets.
struct Line {
    outer: usize,
    inner: usize,
    name: String,
    rate: Vec<Option<f64>>,
}

/// Draws every step's rate, or with groups the last step's of each.
pub(super) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, Some("step"));
    if !grid.has_data(&["entered"]) {
        return no_data(canvas, request, "Nothing entered the funnel");
    }
    let lines = lines(&grid, most_lines(canvas));
    let body = header(canvas, request, &legend(canvas, &grid, &lines))?;
    let last = |line: &Line| line.rate.iter().rev().find_map(|rate| *rate);
    let rates = lines.iter().map(|line| last(line).map_or_else(String::new, percent));
    let names = lines.iter().map(|line| line.name.as_str());
    let ends = ends(canvas, names, rates, named(canvas));
    let specs = specs(&grid, &lines, request, entries_shown(canvas));
    let panels = stack(canvas, request.range, body, &specs, end_width(&ends))?;
    draw_rates(canvas, &panels[0], &grid, &lines, ends)?;
    if let Some(lower) = panels.get(1) {
        draw_entries(canvas, lower, &grid)?;
    }
    let mut drawn: Vec<usize> = lines.iter().map(|line| line.outer).collect();
    drawn.dedup();
    Ok(Notes {
        summary: summary(&grid, &drawn),
        hits: hits(&grid, whole(&panels), &drawn, &TOLD),
        series: grid.series(&[PLOTTED.as_slice(), &["rate_previous"]].concat(), &drawn),
    })
}

fn draw_rates(
    canvas: &Canvas,
    panel: &Panel,
    grid: &Grid,
    lines: &[Line],
    ends: Vec<String>,
) -> Result<(), ChartError> {
    let mut labels = Vec::new();
    for ((one, text), color) in lines.iter().zip(ends).zip(canvas.palette.series) {
        if ribboned(grid, lines) {
            let [lo, hi] = ["ci_low", "ci_high"].map(|column| grid.floats(one.outer, one.inner, column));
            ribbon(panel, &lo, &hi, color)?;
        }
        if grid.outer.len() <= 1 {
            let before = earlier::values(grid, one.outer, one.inner, "rate");
            earlier::line(canvas, panel, &before, 0.5)?;
        }
        let points = centred(&one.rate, &settled(grid, one.outer, one.inner));
        line(canvas, panel, &points, color, 2.0)?;
        if let Some(rate) = one.rate.iter().rev().find_map(|rate| *rate) {
            labels.push(EndLabel::new(panel.y(rate), Some(color), text));
        }
    }
    end_labels(canvas, panel.area, labels)
}

fn lines(grid: &Grid, most: usize) -> Vec<Line> {
    let last = grid.inner.len().saturating_sub(1);
    let make = |outer: usize, inner: usize, name: String| Line {
        outer,
        inner,
        name,
        rate: grid.floats(outer, inner, "rate"),
    };
    if grid.outer.len() > 1 {
        let groups = grid.by_size(|outer| entered(grid, outer)).into_iter().take(most);
        return groups
            .map(|outer| make(outer, last, grid.name(outer).to_owned()))
            .collect();
    }
    last_steps(grid, most)
        .into_iter()
        .map(|inner| make(0, inner, grid.part(inner).to_owned()))
        .collect()
}

/// How many entered of a group: each step tells it, but of a group of paths or providers not the first ones.
pub(super) fn entered(grid: &Grid, outer: usize) -> f64 {
    let entered = (0..grid.inner.len()).filter_map(|inner| grid.whole(outer, inner, "entered"));
    entered.fold(0.0, f64::max)
}

/// Whether there is room for a second panel.
fn entries_shown(canvas: &Canvas) -> bool {
    canvas.frame.h >= 260.0
}

/// Whether intervals are drawn: more than a few on top of each other say nothing.
fn ribboned(grid: &Grid, lines: &[Line]) -> bool {
    lines.len() <= if grid.outer.len() > 1 { 2 } else { 3 }
}

fn legend(canvas: &Canvas, grid: &Grid, lines: &[Line]) -> Legend {
    let palette = canvas.palette;
    let mut legend = Legend::default();
    if !named(canvas) {
        legend.lines(canvas, lines.iter().map(|line| line.name.as_str()));
    }
    if grid.outer.len() <= 1 {
        legend.earlier(canvas, grid, "rate", "earlier period");
    }
    if ribboned(grid, lines) {
        legend.block(palette.tint(palette.series[0], 0.8), "95% interval");
    }
    if entries_shown(canvas) {
        let [reached, dropped, open] = fate_colors(canvas);
        let last = grid.part(grid.inner.len().saturating_sub(1));
        legend.block(reached, format!("reached {last}"));
        legend.block(dropped, "dropped");
        if grid.has_data(&["open"]) {
            legend.block(open, "open");
        }
    }
    if grid.complete.contains(&false) || grid.has_data(&["open"]) {
        legend.add(Mark::Dashed(palette.muted), "not settled");
    }
    if entries_shown(canvas) && grid.complete.contains(&false) {
        legend.add(Mark::Hatched(palette.neutral[0]), "incomplete");
    }
    let drawn: Vec<usize> = lines.iter().map(|line| line.outer).collect();
    if grid.outer.len() <= 1 {
        tell_earlier_steps(&mut legend, lines.first().map_or(0, |line| line.inner));
    }
    legend.others(grid, &drawn, |outer| entered(grid, outer), "entered");
    if !entries_shown(canvas) {
        legend.no_room("counts");
    }
    legend
}

fn specs(grid: &Grid, lines: &[Line], request: &ChartRequest, entries: bool) -> Vec<Spec> {
    let before = lines.iter().filter(|_| grid.outer.len() <= 1);
    let before = before.flat_map(|line| earlier::values(grid, line.outer, line.inner, "rate"));
    let rates = lines.iter().flat_map(|line| line.rate.iter().copied());
    let highest = rates.chain(before).flatten().fold(0.0, f64::max);
    let ends = lines
        .iter()
        .flat_map(|line| grid.floats(line.outer, line.inner, "ci_high"));
    let widest = ends.flatten().fold(0.0, f64::max);
    // A bucket of three entries has an interval up to 1; it must not flatten the rest.
    let hi = if highest > 0.0 {
        widest.max(highest).min(highest * 1.4)
    } else {
        widest
    };
    let caption = match grid.outer.len() {
        0 | 1 => "Rate of each step".to_owned(),
        _ => format!("Rate of {}", grid.part(grid.inner.len().saturating_sub(1))),
    };
    let mut specs = vec![Spec::new(1.7, (0.0, hi), Kind::Ratio, caption)];
    if entries {
        let last = grid.inner.len().saturating_sub(1);
        let hi = grid.totals(last, "entered").into_iter().flatten().fold(0.0, f64::max);
        specs.push(Spec::new(
            1.0,
            (0.0, hi),
            Kind::Count,
            format!("Entered{}", per(request)),
        ));
    }
    specs
}

/// Of each bucket, whether it is complete and every window in it is over.
fn settled(grid: &Grid, outer: usize, inner: usize) -> Vec<bool> {
    let open = grid.floats(outer, inner, "open");
    grid.complete
        .iter()
        .zip(open)
        .map(|(complete, open)| *complete && open.unwrap_or(0.0) == 0.0)
        .collect()
}

fn fate_colors(canvas: &Canvas) -> [RGBColor; 3] {
    let palette = canvas.palette;
    [palette.neutral[2], palette.track, palette.tint(palette.series[4], 0.45)]
}

/// The entries of each bucket by what became of them at the last step.
fn draw_entries(canvas: &Canvas, panel: &Panel, grid: &Grid) -> Result<(), ChartError> {
    let last = grid.inner.len().saturating_sub(1);
    let mut base = vec![0.0; grid.complete.len()];
    for (column, color) in ["reached", "dropped", "open"].into_iter().zip(fate_colors(canvas)) {
        let spans = stacked(&mut base, &grid.totals(last, column));
        columns(canvas, panel, Columns::new(&spans, &grid.complete, color))?;
    }
    Ok(())
}
