//! Bot growth: the population between its openings and closings, and who entered and left.

use crate::serve::charts::kit::{
    Align, Canvas, Columns, EndLabel, Grid, Kind, Legend, Notes, Panel, Point, SMALL, Spec, area, columns, count,
    earlier, end_labels, end_width, ends, from_zero, header, hits, line, measure, most_lines, named, no_data, per,
    stack, stacked, whole,
};
use crate::serve::charts::{ChartError, ChartRequest};

const FLOWS: [&str; 3] = ["registered", "reinstated", "retired"];
const PLOTTED: [&str; 5] = ["opening", "registered", "reinstated", "retired", "closing"];

/// Draws the population over its flows.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, None);
    if !grid.has_data(&PLOTTED) {
        return no_data(
            canvas,
            request,
            "No bots were in the population and none entered or left",
        );
    }
    let mut drawn = grid.by_size(|outer| grid.size(outer, "closing"));
    drawn.truncate(most_lines(canvas));
    let body = header(canvas, request, &legend(canvas, &grid, &drawn))?;
    let names = drawn.iter().map(|outer| grid.name(*outer));
    let closings = drawn.iter().map(|outer| last(&grid, *outer));
    let ends = ends(canvas, names, closings, named(canvas) && grid.outer.len() > 1);
    let flows: Vec<Vec<Option<f64>>> = FLOWS.iter().map(|column| grid.totals(0, column)).collect();
    let specs = specs(canvas, request, &grid, &drawn, &flows);
    let panels = stack(canvas, request.range, body, &specs, end_width(&ends))?;
    let upper = &panels[0];
    draw_levels(canvas, upper, &grid, &drawn, ends)?;
    if let Some(lower) = panels.get(1) {
        draw_flows(canvas, lower, &grid, &flows)?;
    }
    Ok(Notes {
        summary: summary(&grid, &drawn),
        hits: hits(&grid, whole(&panels), &drawn, &PLOTTED),
        series: grid.series(&[PLOTTED.as_slice(), &["closing_previous"]].concat(), &drawn),
    })
}

fn specs(
    canvas: &Canvas,
    request: &ChartRequest,
    grid: &Grid,
    drawn: &[usize],
    flows: &[Vec<Option<f64>>],
) -> Vec<Spec> {
    let levels = drawn.iter().flat_map(|outer| levels(grid, *outer));
    let before = earlier::values(grid, 0, 0, "closing");
    let before = before.into_iter().filter(|_| grid.outer.len() <= 1);
    let highest = levels.chain(before).flatten().fold(0.0, f64::max);
    // Above a single line stand its numbers.
    let hi = highest * if grid.outer.len() <= 1 { 1.13 } else { 1.03 };
    let caption = "Bots in the population".to_owned();
    let mut specs = vec![Spec::new(1.75, (0.0, hi), Kind::Count, caption)];
    if flows_shown(canvas) {
        let above = (0..grid.complete.len()).map(|b| flows[0][b].unwrap_or(0.0) + flows[1][b].unwrap_or(0.0));
        let hi = above.fold(0.0, f64::max);
        let lo = -flows[2].iter().flatten().copied().fold(0.0, f64::max);
        let caption = format!("Entered and left{}", per(request));
        specs.push(Spec::new(1.0, (lo, hi), Kind::Count, caption));
    }
    specs
}

/// One line for each group; a single one with its area and numbers.
fn draw_levels(
    canvas: &Canvas,
    panel: &Panel,
    grid: &Grid,
    drawn: &[usize],
    ends: Vec<String>,
) -> Result<(), ChartError> {
    let single = grid.outer.len() <= 1;
    let mut labels = Vec::new();
    for ((outer, text), color) in drawn.iter().zip(ends).zip(canvas.palette.series) {
        let points = edges(grid, *outer);
        if single {
            area(panel, &points, color)?;
            let before = earlier::values(grid, *outer, 0, "closing");
            earlier::line(canvas, panel, &before, 1.0)?;
        }
        line(canvas, panel, &points, color, 2.2)?;
        if single {
            mark_levels(canvas, panel, &points)?;
        }
        if let Some(value) = points.iter().rev().find_map(|point| point.value) {
            labels.push(EndLabel::new(panel.y(value), (!single).then_some(color), text));
        }
    }
    end_labels(canvas, panel.area, labels)
}

fn legend(canvas: &Canvas, grid: &Grid, drawn: &[usize]) -> Legend {
    let palette = canvas.palette;
    let mut legend = Legend::default();
    if grid.outer.len() <= 1 {
        let name = match grid.name(0) {
            "" => "population".to_owned(),
            of => format!("population of {of}"),
        };
        legend.line(palette.series[0], name);
        legend.earlier(canvas, grid, "closing", "earlier period");
    }
    if grid.outer.len() > 1 && !named(canvas) {
        legend.lines(canvas, drawn.iter().map(|outer| grid.name(*outer)));
    }
    let flows = if flows_shown(canvas) { FLOWS.as_slice() } else { &[] };
    for (name, color) in flows.iter().zip(flow_colors(canvas)) {
        legend.block(color, *name);
    }
    legend.incomplete(canvas, grid);
    legend.others(grid, drawn, |outer| grid.size(outer, "closing"), "bots");
    if !flows_shown(canvas) {
        legend.no_room("who entered and left");
    }
    legend
}

/// Whether there is room for a second panel.
fn flows_shown(canvas: &Canvas) -> bool {
    canvas.frame.h >= 250.0
}

fn flow_colors(canvas: &Canvas) -> [plotters::style::RGBColor; 3] {
    let series = canvas.palette.series;
    [series[2], series[4], series[5]]
}

/// Opening of the first bucket, then every closing.
fn levels(grid: &Grid, outer: usize) -> Vec<Option<f64>> {
    let opening = grid.cell(outer, 0, 0, "opening").as_f64();
    std::iter::once(opening)
        .chain(grid.floats(outer, 0, "closing"))
        .collect()
}

/// The population at the edges of the buckets, where it is counted.
fn edges(grid: &Grid, outer: usize) -> Vec<Point> {
    let point =
        |(edge, value): (usize, Option<f64>)| Point::new(edge as f64, value, edge == 0 || grid.complete[edge - 1]);
    levels(grid, outer).into_iter().enumerate().map(point).collect()
}

/// A group's last level.
fn last(grid: &Grid, outer: usize) -> String {
    levels(grid, outer)
        .into_iter()
        .flatten()
        .next_back()
        .map(count)
        .unwrap_or_default()
}

/// Labels the first opening and, where there is room, every closing but the last, which stands at the right.
fn mark_levels(canvas: &Canvas, panel: &Panel, points: &[Point]) -> Result<(), ChartError> {
    let last = points.len() - 1;
    let roomy = points
        .iter()
        .filter_map(|p| p.value)
        .map(|value| measure(&count(value), SMALL, false));
    let roomy = roomy.fold(0.0, f64::max) + 10.0 < panel.bands.step;
    let mut taken = f64::MIN;
    for (edge, point) in points.iter().enumerate() {
        let Some(value) = point.value else { continue };
        if edge > 0 && (edge == last || !roomy) {
            continue;
        }
        let text = count(value);
        let width = measure(&text, SMALL, true);
        let x = panel.bands.x(point.x);
        let (align, left) = match edge {
            0 => (Align::Left, x + 4.0),
            _ => (Align::Centre, x - width / 2.0),
        };
        // Edges stand closer where the range cuts a bucket; a number without room stays in the table.
        if left < taken {
            continue;
        }
        taken = left + width + 4.0;
        // Above the line wherever it runs beneath the text.
        let top = (0..=12).filter_map(|n| height(panel, points, left + width * f64::from(n) / 12.0));
        let y = (top.fold(panel.y(value), f64::min) - 11.0).max(panel.area.y + 2.0);
        let x = if edge == 0 { left } else { x };
        canvas.text(&text, (x, y), align, canvas.bold(SMALL))?;
    }
    Ok(())
}

/// The pixel of the line at a place.
fn height(panel: &Panel, points: &[Point], x: f64) -> Option<f64> {
    let place = |point: &Point| panel.bands.x(point.x);
    let pair = points
        .windows(2)
        .find(|pair| (place(&pair[0])..=place(&pair[1])).contains(&x))?;
    let (from, to) = (panel.y(pair[0].value?), panel.y(pair[1].value?));
    Some(from + (to - from) * (x - place(&pair[0])) / panel.bands.step)
}

fn draw_flows(canvas: &Canvas, panel: &Panel, grid: &Grid, flows: &[Vec<Option<f64>>]) -> Result<(), ChartError> {
    let mut base = vec![0.0; grid.complete.len()];
    let retired: Vec<Option<f64>> = flows[2].iter().map(|value| value.map(|value| -value)).collect();
    let stacked = [
        stacked(&mut base, &flows[0]),
        stacked(&mut base, &flows[1]),
        from_zero(&retired),
    ];
    for (spans, color) in stacked.iter().zip(flow_colors(canvas)) {
        columns(canvas, panel, Columns::new(spans, &grid.complete, color))?;
    }
    panel.zero(canvas)
}

fn summary(grid: &Grid, drawn: &[usize]) -> String {
    let flow = |column: &&str| (0..grid.outer.len()).map(|outer| grid.size(outer, column)).sum::<f64>();
    let flows = FLOWS.map(|column| format!("{} {column}", count(flow(&column))));
    let told = drawn.iter().map(|outer| {
        let name = match grid.name(*outer) {
            "" => "Population",
            name => name,
        };
        let [opening, closing] = ["opening", "closing"].map(|column| grid.whole_shown(*outer, 0, column));
        format!("{name}: {opening} at the opening, {closing} at the closing.")
    });
    format!("{} {}.", told.collect::<Vec<_>>().join(" "), flows.join(", "))
}
