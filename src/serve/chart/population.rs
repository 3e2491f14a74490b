//! Bot growth: the population between its openings and closings, and who entered and left.

use super::canvas::{Align, Canvas, measure};
use super::data::Grid;
use super::document::{Notes, hits};
use super::frame::{Entry, Mark, SMALL, header, most_lines, no_data, no_room};
use super::marks::{Columns, EndLabel, Point, Span, area, columns, end_labels, end_width, line};
use super::names::fitted;
use super::number::{Kind, count};
use super::panel::{Panel, Spec, per, stack, whole};
use super::{ChartError, ChartRequest, earlier};

const FLOWS: [&str; 3] = ["registered", "reinstated", "retired"];
const PLOTTED: [&str; 5] = ["opening", "registered", "reinstated", "retired", "closing"];

/// Draws the population over its flows.
pub(super) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let grid = Grid::new(request, None);
    if !grid.has_data(&PLOTTED) {
        return no_data(
            canvas,
            request,
            "No bots were in the population and none entered or left",
        );
    }
    let mut drawn = grid.by_size(|outer| grid.last(outer, "closing"));
    drawn.truncate(most_lines(canvas));
    let body = header(canvas, request, &legend(canvas, &grid, &drawn))?;

    let names: Vec<String> = drawn.iter().map(|outer| grid.name(*outer).to_owned()).collect();
    let names = fitted(&names, SMALL, false, canvas.frame.w * 0.2);
    let end = |(outer, name): (&usize, &String)| end_text(&grid, *outer, name, canvas.frame.w);
    let ends: Vec<String> = drawn.iter().zip(&names).map(end).collect();
    let flows: Vec<Vec<Option<f64>>> = FLOWS.iter().map(|column| grid.totals(0, column)).collect();
    let specs = specs(canvas, request, &grid, &drawn, &flows);
    let panels = stack(canvas, request.range, body, &specs, end_width(&ends))?;
    let upper = &panels[0];
    draw_levels(canvas, upper, &grid, &drawn, ends)?;
    if let Some(lower) = panels.get(1) {
        draw_flows(canvas, lower, &grid, &flows)?;
    }
    let told = PLOTTED.map(|column| (column, Kind::Count));
    Ok(Notes {
        summary: summary(&grid, &drawn, &flows),
        hits: hits(&grid, request, whole(&panels), &drawn, &told),
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
    let mut specs = vec![Spec {
        weight: 1.75,
        lo: 0.0,
        hi,
        kind: Kind::Count,
        caption,
    }];
    if flows_shown(canvas) {
        let above = (0..grid.complete.len()).map(|b| flows[0][b].unwrap_or(0.0) + flows[1][b].unwrap_or(0.0));
        let hi = above.fold(0.0, f64::max);
        let lo = -flows[2].iter().flatten().copied().fold(0.0, f64::max);
        let caption = format!("Entered and left{}", per(request));
        specs.push(Spec {
            weight: 1.0,
            lo,
            hi,
            kind: Kind::Count,
            caption,
        });
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
        let points = edges(panel, grid, *outer);
        if single {
            area(canvas, panel, &points, color)?;
            let before = earlier::values(grid, *outer, 0, "closing");
            earlier::line(canvas, panel, &before, |bucket| panel.bands.left(bucket + 1))?;
        }
        line(canvas, panel, &points, color, 2.2)?;
        if single {
            mark_levels(canvas, panel, &points)?;
        }
        if let Some(value) = points.iter().rev().find_map(|point| point.value) {
            let (y, color) = (panel.y(value), if single { None } else { Some(color) });
            labels.push(EndLabel { y, color, text });
        }
    }
    end_labels(canvas, panel.area, labels)
}

fn legend(canvas: &Canvas, grid: &Grid, drawn: &[usize]) -> Vec<Entry> {
    let palette = canvas.palette;
    let mut legend = Vec::new();
    if grid.outer.len() <= 1 {
        let name = match grid.name(0) {
            "" => "population".to_owned(),
            of => format!("population of {of}"),
        };
        legend.push(Entry::new(Mark::Line(palette.series[0]), name));
        legend.extend(earlier::entry(canvas, grid, "closing"));
    }
    if grid.outer.len() > 1 && canvas.frame.w < 480.0 {
        let entry = |(rank, outer): (usize, &usize)| Entry::new(Mark::Line(palette.series[rank]), grid.name(*outer));
        legend.extend(drawn.iter().enumerate().map(entry));
    }
    let flows = if flows_shown(canvas) { FLOWS.as_slice() } else { &[] };
    for (name, color) in flows.iter().zip(flow_colors(canvas)) {
        legend.push(Entry::new(Mark::Block(color), *name));
    }
    if grid.complete.contains(&false) {
        legend.push(Entry::new(Mark::Hatched(palette.neutral[0]), "incomplete"));
    }
    if let Some(others) = grid.others(drawn, |outer| grid.last(outer, "closing"), "bots") {
        legend.push(Entry::new(Mark::Note, format!("{others} in the table")));
    }
    if !flows_shown(canvas) {
        legend.push(no_room("who entered and left"));
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
fn edges(panel: &Panel, grid: &Grid, outer: usize) -> Vec<Point> {
    let point = |(edge, value): (usize, Option<f64>)| Point {
        x: panel.bands.left(edge),
        value,
        complete: edge == 0 || grid.complete[edge - 1],
    };
    levels(grid, outer).into_iter().enumerate().map(point).collect()
}

fn end_text(grid: &Grid, outer: usize, name: &str, width: f64) -> String {
    let last = levels(grid, outer)
        .into_iter()
        .flatten()
        .next_back()
        .map(count)
        .unwrap_or_default();
    if grid.outer.len() <= 1 || width < 480.0 {
        return last;
    }
    format!("{name} {last}")
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
        let (align, left) = if edge == 0 {
            (Align::Left, point.x + 4.0)
        } else {
            (Align::Centre, point.x - width / 2.0)
        };
        // Edges stand closer where the range cuts a bucket; a number without room stays in the table.
        if left < taken {
            continue;
        }
        taken = left + width + 4.0;
        // Above the line wherever it runs beneath the text.
        let top = (0..=12).filter_map(|n| height(panel, points, left + width * f64::from(n) / 12.0));
        let y = (top.fold(panel.y(value), f64::min) - 11.0).max(panel.area.y + 2.0);
        let x = if edge == 0 { left } else { point.x };
        canvas.text(&text, (x, y), align, canvas.bold(SMALL))?;
    }
    Ok(())
}

/// The pixel of the line at a place.
fn height(panel: &Panel, points: &[Point], x: f64) -> Option<f64> {
    let pair = points.windows(2).find(|pair| pair[0].x <= x && x <= pair[1].x)?;
    let (from, to) = (panel.y(pair[0].value?), panel.y(pair[1].value?));
    Some(from + (to - from) * (x - pair[0].x) / (pair[1].x - pair[0].x))
}

fn draw_flows(canvas: &Canvas, panel: &Panel, grid: &Grid, flows: &[Vec<Option<f64>>]) -> Result<(), ChartError> {
    let buckets = 0..grid.complete.len();
    let [registered, reinstated, retired] = flow_colors(canvas);
    let stacked: [Vec<Span>; 3] = [
        buckets.clone().map(|b| flows[0][b].map(|value| (0.0, value))).collect(),
        buckets
            .clone()
            .map(|b| flows[1][b].map(|value| (flows[0][b].unwrap_or(0.0), flows[0][b].unwrap_or(0.0) + value)))
            .collect(),
        buckets.map(|b| flows[2][b].map(|value| (0.0, -value))).collect(),
    ];
    for (spans, color) in stacked.iter().zip([registered, reinstated, retired]) {
        columns(
            canvas,
            panel,
            Columns {
                spans,
                complete: &grid.complete,
                color,
                share: 1.0,
            },
        )?;
    }
    let zero = panel.y(0.0).round();
    canvas.path(
        &[(panel.area.x, zero), (panel.area.right(), zero)],
        canvas.palette.axis,
        1.0,
    )
}

fn summary(grid: &Grid, drawn: &[usize], flows: &[Vec<Option<f64>>]) -> String {
    let sums: Vec<String> = flows
        .iter()
        .zip(FLOWS)
        .map(|(flow, name)| format!("{} {name}", count(flow.iter().flatten().sum())))
        .collect();
    let told = drawn.iter().map(|outer| {
        let levels = levels(grid, *outer);
        let value = |level: Option<f64>| level.map_or_else(|| "unknown".to_owned(), count);
        let name = match grid.name(*outer) {
            "" => "Population",
            name => name,
        };
        let (opening, closing) = (levels.first().copied().flatten(), levels.last().copied().flatten());
        format!(
            "{name}: {} at the opening, {} at the closing.",
            value(opening),
            value(closing)
        )
    });
    format!("{} {}.", told.collect::<Vec<_>>().join(" "), sums.join(", "))
}
