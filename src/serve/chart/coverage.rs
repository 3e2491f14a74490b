//! How much is joined to the bots: for each provider a bar, or over time columns of what is and what is not.

use super::canvas::{Align, Canvas, Rect, measure};
use super::data::Grid;
use super::document::{Hit, Notes, hits};
use super::frame::{Entry, Mark, SMALL, header, no_data};
use super::marks::{Columns, Span, columns, seams};
use super::names::fitted;
use super::number::{Kind, count, percent};
use super::panel::{Cell, Panel, Spec, cells, foot_note, per, stack};
use super::{ChartError, ChartRequest};

const PLOTTED: [&str; 4] = ["payments", "attributed", "unattributed", "join_rate"];

const TOLD: [(&str, Kind); 4] = [
    ("payments", Kind::Count),
    ("attributed", Kind::Count),
    ("unattributed", Kind::Count),
    ("join_rate", Kind::Ratio),
];

/// The least room for one provider's columns.
const LEAST: (f64, f64) = (220.0, 140.0);
/// The least height of one provider's bar.
const LEAST_ROW: f64 = 22.0;

/// Draws each provider, and each provider of a group.
pub(super) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let mut names = request.group_by.to_vec();
    if !names.contains(&"provider") {
        names.push("provider");
    }
    let split = ChartRequest {
        group_by: &names,
        ..*request
    };
    let grid = Grid::new(&split, None);
    if !grid.has_data(&["payments"]) {
        return no_data(canvas, request, "No payment was captured");
    }
    let body = header(canvas, request, &legend(canvas, &grid))?;
    let (drawn, hits) = if request.range.buckets.len() == 1 {
        bars(canvas, &grid, body)?
    } else {
        over_time(canvas, &split, &grid, body)?
    };
    Ok(Notes {
        summary: drawn.iter().map(|outer| summary(&grid, *outer)).collect(),
        hits,
        series: grid.series(&PLOTTED, &drawn),
    })
}

fn legend(canvas: &Canvas, grid: &Grid) -> Vec<Entry> {
    let palette = canvas.palette;
    let mut legend = vec![
        Entry::new(Mark::Block(palette.series[0]), "belongs to a bot"),
        Entry::new(Mark::Block(palette.series[5]), "unattributed"),
    ];
    if grid.complete.contains(&false) {
        legend.push(Entry::new(Mark::Hatched(palette.neutral[0]), "incomplete"));
    }
    legend
}

type Pictured = (Vec<usize>, Vec<Hit>);

/// A column of a provider over all buckets.
fn sum(grid: &Grid, outer: usize, column: &str) -> f64 {
    grid.floats(outer, 0, column).into_iter().flatten().sum()
}

/// The share that belongs to a bot; none without a payment.
fn joined(grid: &Grid, outer: usize) -> Option<f64> {
    let payments = sum(grid, outer, "payments");
    (payments > 0.0).then(|| sum(grid, outer, "attributed") / payments)
}

fn told(grid: &Grid, outer: usize, worded: bool) -> String {
    let rate = joined(grid, outer).map_or_else(|| "\u{2013}".to_owned(), percent);
    let (attributed, payments) = (sum(grid, outer, "attributed"), sum(grid, outer, "payments"));
    let unit = if worded { " payments" } else { "" };
    format!("{rate} \u{b7} {} of {}{unit}", count(attributed), count(payments))
}

fn bars(canvas: &Canvas, grid: &Grid, body: Rect) -> Result<Pictured, ChartError> {
    // The largest first: where there is no room for all, these matter.
    let size = |outer| sum(grid, outer, "payments");
    let mut order = grid.by_size(size);
    let most = (body.h / LEAST_ROW).max(1.0) as usize;
    let hidden = order.len().saturating_sub(most);
    if hidden > 0 {
        order.truncate(most.saturating_sub(1).max(1));
    }
    if let Some(others) = grid.others(&order, size, "payments") {
        foot_note(canvas, body, &others)?;
    }
    let names: Vec<String> = order.iter().map(|outer| grid.name(*outer).to_owned()).collect();
    let names = fitted(&names, 12.0, true, body.w * 0.3);
    let text = |outer: &usize| told(grid, *outer, body.w >= 420.0);
    let widest =
        |texts: &[String], size, bold| texts.iter().map(|text| measure(text, size, bold)).fold(0.0, f64::max) + 10.0;
    let texts: Vec<String> = order.iter().map(text).collect();
    let area = body.inset(widest(&names, 12.0, true), 0.0, widest(&texts, SMALL, false), 0.0);
    let row = ((body.h - if hidden > 0 { 16.0 } else { 0.0 }) / order.len().max(1) as f64).min(72.0);
    let complete = grid.complete.first().copied().unwrap_or(true);
    let mut hits = Vec::new();
    for (at, outer) in order.iter().enumerate() {
        let line = body.row(body.y + row * at as f64, row);
        let (middle, height) = (line.y + row / 2.0, (row * 0.56).min(34.0));
        canvas.text(&names[at], (body.x, middle), Align::Left, canvas.bold(12.0))?;
        canvas.text(&texts[at], (body.right(), middle), Align::Right, canvas.font(SMALL))?;
        if let Some(rate) = joined(grid, *outer) {
            let whole = Rect {
                x: area.x,
                y: middle - height / 2.0,
                w: area.w,
                h: height,
            };
            let own = Rect {
                w: area.w * rate,
                ..whole
            };
            let rest = whole.inset(own.w, 0.0, 0.0, 0.0);
            for (part, color) in [(own, canvas.palette.series[0]), (rest, canvas.palette.series[5])] {
                if part.w > 0.0 {
                    canvas.bar(part, color, complete)?;
                }
            }
        }
        hits.push(Hit {
            place: line,
            text: format!("{}{}", grid.named(*outer), texts[at]),
        });
    }
    Ok((order, hits))
}

fn over_time(canvas: &Canvas, request: &ChartRequest, grid: &Grid, body: Rect) -> Result<Pictured, ChartError> {
    let (mut drawn, mut told) = (Vec::new(), Vec::new());
    let size = (|outer| sum(grid, outer, "payments"), "payments");
    for Cell { outer, place } in cells(canvas, grid, body, LEAST, size)? {
        let panel = stacked(canvas, request, grid, outer, place)?;
        told.extend(hits(grid, request, (panel.area, panel.bands), &[outer], &TOLD));
        drawn.push(outer);
    }
    Ok((drawn, told))
}

/// Columns of what belongs to a bot, and above it what does not.
fn stacked(
    canvas: &Canvas,
    request: &ChartRequest,
    grid: &Grid,
    outer: usize,
    place: Rect,
) -> Result<Panel, ChartError> {
    let payments = grid.floats(outer, 0, "payments");
    let attributed = grid.floats(outer, 0, "attributed");
    let caption = format!("Payments{}: {}", per(request), told(grid, outer, false));
    let spec = Spec {
        weight: 1.0,
        lo: 0.0,
        hi: payments.iter().flatten().copied().fold(0.0, f64::max),
        kind: Kind::Count,
        caption,
    };
    let mut panels = stack(canvas, request.range, place, &[spec], 4.0)?;
    let panel = panels.remove(0);
    let lower: Vec<Span> = attributed.iter().map(|own| own.map(|own| (0.0, own))).collect();
    let own = |at: usize| attributed[at].unwrap_or(0.0);
    let upper = |(at, all): (usize, &Option<f64>)| all.map(|all| (own(at), all));
    let upper: Vec<Span> = payments.iter().enumerate().map(upper).collect();
    for (spans, color) in [(&lower, canvas.palette.series[0]), (&upper, canvas.palette.series[5])] {
        let complete = &grid.complete;
        columns(
            canvas,
            &panel,
            Columns {
                spans,
                complete,
                color,
                share: 1.0,
            },
        )?;
    }
    seams(canvas, &panel, &lower)?;
    Ok(panel)
}

fn summary(grid: &Grid, outer: usize) -> String {
    format!("{}{} belong to a bot. ", grid.named(outer), told(grid, outer, true))
}
