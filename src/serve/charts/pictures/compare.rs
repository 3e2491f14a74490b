//! Conversion by group in one stretch of time: each group's rates as dots with their intervals.

use super::funnel::told;
use super::rates::entered;
use crate::serve::charts::ChartError;
use crate::serve::charts::kit::{
    Align, Canvas, Grid, Hit, Kind, Legend, List, Mark, SMALL, count, fit, fitted, foot_note, header, lying, measure,
};

/// Draws one row for each group; tells which were drawn, and what stands under the pointer.
pub(super) fn draw(canvas: &Canvas, grid: &Grid) -> Result<(Vec<usize>, Vec<Hit>), ChartError> {
    let steps = last_steps(grid, 4);
    let body = header(canvas, grid.request, &legend(canvas, grid, &steps))?;
    let least = 10.0 * steps.len() as f64 + 6.0;
    let mut shown = grid.by_size(|outer| entered(grid, outer));
    shown.truncate(((body.h - 36.0) / least).max(1.0) as usize);
    let names: Vec<String> = shown.iter().map(|outer| grid.name(*outer).to_owned()).collect();
    let names = fitted(&names, SMALL, true, body.w * 0.3);
    let sums = shown.iter().map(|outer| last_rate(grid, *outer, &steps)).collect();
    let room = body.inset(0.0, 2.0, 0.0, 36.0);
    let list = List::new(room, (names, canvas.bold(SMALL)), sums, 64.0);
    let pairs = shown
        .iter()
        .flat_map(|outer| steps.iter().map(|inner| (*outer, *inner)));
    let highest = pairs.map(|(outer, inner)| most(grid, outer, inner)).fold(0.0, f64::max);
    let area = list.area.inset(0.0, 0.0, 2.0, 0.0);
    let plot = lying(canvas, area, shown.len(), (0.0, highest), Kind::Ratio)?;
    let complete = !grid.complete.contains(&false);
    let mut hits = Vec::new();
    for (at, outer) in shown.iter().enumerate() {
        list.write(canvas, at, Align::Left)?;
        for ((rank, inner), color) in steps.iter().enumerate().zip(canvas.palette.series) {
            let y = at as f64 + (rank as f64 + 1.0) / (steps.len() as f64 + 1.0);
            let value = |column| grid.cell(*outer, *inner, 0, column).as_f64();
            let Some(rate) = value("rate") else { continue };
            if let (Some(lo), Some(hi)) = (value("ci_low"), value("ci_high")) {
                plot.interval((lo, rate, hi), y, 3.0, color)?;
            }
            plot.dot(canvas, (rate, y), 4.4, (color, complete))?;
        }
        let told: Vec<String> = steps.iter().map(|inner| told(grid, *outer, *inner)).collect();
        hits.push(Hit::new(list.place(at), told.join("\n")));
    }
    if let Some(others) = grid.others(&shown, |outer| entered(grid, outer), "entered") {
        foot_note(canvas, body.row(body.y, area.bottom() + 33.0 - body.y), &others)?;
    }
    Ok((shown, hits))
}

/// The last of the steps after the entry, at most so many; the entry itself where there is no other.
pub(super) fn last_steps(grid: &Grid, most: usize) -> Vec<usize> {
    let last = grid.inner.len().saturating_sub(1);
    let first = last.saturating_sub(most.saturating_sub(1)).max(1).min(last);
    (first..=last).collect()
}

/// What tells that steps before the drawn ones are in the table only.
pub(super) fn tell_earlier_steps(legend: &mut Legend, first: usize) {
    if first > 1 {
        legend.note(format!("and {} earlier steps in the table", first - 1));
    }
}

fn legend(canvas: &Canvas, grid: &Grid, steps: &[usize]) -> Legend {
    let mut legend = Legend::default();
    for (rank, inner) in steps.iter().enumerate() {
        legend.dot(canvas.palette.series[rank], grid.part(*inner));
    }
    legend.add(Mark::Whisker(canvas.palette.muted), "95% interval");
    tell_earlier_steps(&mut legend, steps.first().copied().unwrap_or(0));
    if grid.complete.contains(&false) {
        legend.note("\u{25cb} incomplete range");
    }
    legend
}

/// The last step's rate and what it is a rate of.
fn last_rate(grid: &Grid, outer: usize, steps: &[usize]) -> String {
    let last = steps.last().copied().unwrap_or(0);
    let cell = |column| grid.cell(outer, last, 0, column);
    let closed = cell("reached").as_f64().unwrap_or(0.0) + cell("dropped").as_f64().unwrap_or(0.0);
    let name = grid.part(last);
    // Of a long type its last word says more than its first.
    let short = match measure(name, SMALL, false) > 80.0 {
        true => name.rsplit('.').next().unwrap_or(name),
        false => name,
    };
    let step = fit(short, SMALL, false, 80.0);
    format!("{step} {} of {}", grid.shown(outer, last, 0, "rate"), count(closed))
}

fn most(grid: &Grid, outer: usize, inner: usize) -> f64 {
    let value = |column| grid.cell(outer, inner, 0, column).as_f64().unwrap_or(0.0);
    value("ci_high").max(value("rate"))
}
