//! How much is joined to the bots: for each provider a bar, or over time columns of what is and what is not.

use plotters::style::RGBColor;

use crate::serve::charts::kit::{
    Align, Canvas, Cell, Columns, Grid, Hit, Kind, Legend, List, Notes, Panel, Rect, Spec, cells, columns, fitted,
    foot_note, header, hits, no_data, per, seams, stack, stacked,
};
use crate::serve::charts::{ChartError, ChartRequest};

const PLOTTED: [&str; 4] = ["payments", "attributed", "unattributed", "join_rate"];

const TOLD: [&str; 4] = ["payments", "attributed", "unattributed", "join_rate"];

/// The least room for one provider's columns.
const LEAST: (f64, f64) = (220.0, 140.0);
/// The least height of one provider's bar.
const LEAST_ROW: f64 = 22.0;

/// Draws each provider, and each provider of a group.
pub(in crate::serve) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
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
        over_time(canvas, &grid, body)?
    };
    Ok(Notes {
        summary: drawn.iter().map(|outer| summary(&grid, *outer)).collect(),
        hits,
        series: grid.series(&PLOTTED, &drawn),
    })
}

fn legend(canvas: &Canvas, grid: &Grid) -> Legend {
    let [own, rest] = colors(canvas);
    let mut legend = Legend::default();
    legend.block(own, "belongs to a bot").block(rest, "unattributed");
    legend.incomplete(canvas, grid);
    legend
}

/// What belongs to a bot, and what does not.
fn colors(canvas: &Canvas) -> [RGBColor; 2] {
    [canvas.palette.series[0], canvas.palette.series[5]]
}

type Pictured = (Vec<usize>, Vec<Hit>);

/// The share that belongs to a bot, of how many payments, over the whole range.
fn told(grid: &Grid, outer: usize, worded: bool) -> String {
    let [rate, attributed, payments] =
        ["join_rate", "attributed", "payments"].map(|column| grid.whole_shown(outer, 0, column));
    let unit = if worded { " payments" } else { "" };
    format!("{rate} \u{b7} {attributed} of {payments}{unit}")
}

fn bars(canvas: &Canvas, grid: &Grid, body: Rect) -> Result<Pictured, ChartError> {
    // The largest first: where there is no room for all, these matter.
    let size = |outer| grid.size(outer, "payments");
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
    let numbers = order.iter().map(|outer| told(grid, *outer, body.w >= 420.0)).collect();
    let room = body.inset(0.0, 0.0, 0.0, if hidden > 0 { 16.0 } else { 0.0 });
    let list = List::new(room, (names, canvas.bold(12.0)), numbers, 72.0);
    let complete = grid.complete.first().copied().unwrap_or(true);
    let [own, rest] = colors(canvas);
    let mut hits = Vec::new();
    for (at, outer) in order.iter().enumerate() {
        list.write(canvas, at, Align::Left)?;
        if let Some(rate) = grid.whole(*outer, 0, "join_rate") {
            let whole = list.bar(at, (0.56, 34.0));
            let split = whole.x + whole.w * rate;
            for (from, to, color) in [(whole.x, split, own), (split, whole.right(), rest)] {
                if to > from {
                    canvas.bar(whole.part(from, to - from), color, complete)?;
                }
            }
        }
        hits.push(Hit::new(
            list.place(at),
            format!("{}{}", grid.named(*outer), list.numbers(at)),
        ));
    }
    Ok((order, hits))
}

fn over_time(canvas: &Canvas, grid: &Grid, body: Rect) -> Result<Pictured, ChartError> {
    let (mut drawn, mut told) = (Vec::new(), Vec::new());
    let size = (|outer| grid.size(outer, "payments"), "payments");
    for Cell { outer, place } in cells(canvas, grid, body, LEAST, size)? {
        let panel = attribution(canvas, grid, outer, place)?;
        told.extend(hits(grid, (panel.area, panel.bands), &[outer], &TOLD));
        drawn.push(outer);
    }
    Ok((drawn, told))
}

/// Columns of what belongs to a bot, and above it what does not.
fn attribution(canvas: &Canvas, grid: &Grid, outer: usize, place: Rect) -> Result<Panel, ChartError> {
    let request = grid.request;
    let caption = format!("Payments{}: {}", per(request), told(grid, outer, false));
    let spec = Spec::new(1.0, (0.0, grid.highest(&[outer], &["payments"])), Kind::Count, caption);
    let mut panels = stack(canvas, request.range, place, &[spec], 4.0)?;
    let panel = panels.remove(0);
    let mut base = vec![0.0; grid.complete.len()];
    let lower = stacked(&mut base, &grid.floats(outer, 0, "attributed"));
    let upper = stacked(&mut base, &grid.floats(outer, 0, "unattributed"));
    for (spans, color) in [&lower, &upper].into_iter().zip(colors(canvas)) {
        columns(canvas, &panel, Columns::new(spans, &grid.complete, color))?;
    }
    seams(canvas, &panel, &lower)?;
    Ok(panel)
}

fn summary(grid: &Grid, outer: usize) -> String {
    format!("{}{} belong to a bot. ", grid.named(outer), told(grid, outer, true))
}
