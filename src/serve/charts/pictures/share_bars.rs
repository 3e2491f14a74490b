//! Shares in one stretch of time: a bar for each value.

use super::share::{Part, share};
use crate::serve::charts::ChartError;
use crate::serve::charts::kit::{
    Align, Canvas, Grid, Hit, List, Rect, SMALL, count, fitted, measure, number, percent, percent_or_nothing,
};

/// One bar a value, with a dot for its share of the amount.
pub(super) fn bars(
    canvas: &Canvas,
    grid: &Grid,
    parts: &[Part],
    outer: usize,
    place: Rect,
) -> Result<Vec<Hit>, ChartError> {
    let foot = if place.h > 24.0 * parts.len() as f64 + 20.0 {
        22.0
    } else {
        0.0
    };
    let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
    let names = fitted(&names, 12.0, true, place.w * 0.3);
    let numbers = parts.iter().map(|part| numbers(grid, part, outer, place.w >= 420.0));
    let room = place.inset(0.0, 0.0, 0.0, foot);
    let list = List::new(room, (names, canvas.bold(12.0)), numbers.collect(), 52.0);
    let complete = grid.complete.first().copied().unwrap_or(true);
    let mut hits = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        list.write(canvas, at, Align::Left)?;
        let track = list.bar(at, (0.62, 26.0));
        canvas.rect(track, canvas.palette.tint(canvas.palette.track, 0.5))?;
        if let Some(share) = share(grid, part, outer, 0, "share_by_count").filter(|share| *share > 0.0) {
            canvas.bar(track.part(track.x, track.w * share), part.color, complete)?;
        }
        if let Some(share) = share(grid, part, outer, 0, "share_by_amount") {
            let at = (track.x + track.w * share, track.y + track.h / 2.0);
            canvas.disc(at, 4.6, canvas.palette.background)?;
            canvas.disc(at, 3.4, canvas.palette.text)?;
        }
        hits.push(Hit::new(list.place(at), format!("{}: {}", part.name, list.numbers(at))));
    }
    if foot > 0.0 {
        let note = concentration(grid, outer, place.w);
        canvas.text(
            &note,
            (place.x, list.area.bottom() + 12.0),
            Align::Left,
            canvas.muted(SMALL),
        )?;
    }
    Ok(hits)
}

fn numbers(grid: &Grid, part: &Part, outer: usize, worded: bool) -> String {
    let share = percent_or_nothing(share(grid, part, outer, 0, "share_by_count"));
    let payments: f64 = part
        .inners
        .iter()
        .filter_map(|inner| grid.cell(outer, *inner, 0, "payments").as_f64())
        .sum();
    format!(
        "{share} \u{b7} {}{}",
        count(payments),
        if worded { " payments" } else { "" }
    )
}

/// How concentrated the shares are, where the table says so.
fn concentration(grid: &Grid, outer: usize, width: f64) -> String {
    let cell = |column| grid.cell(outer, 0, 0, column);
    let Some(hhi) = cell("hhi").as_f64() else {
        return String::new();
    };
    let mut parts = vec![format!("HHI {}", count(hhi))];
    if let Some(equal) = cell("effective_number").as_f64() {
        parts.push(format!("like {} equal shares", number(equal)));
    }
    if let Some(covered) = cell("covered_share").as_f64() {
        parts.push(format!("covers {} of payments", percent(covered)));
    }
    // Better without its last part than cut in the middle.
    while parts.len() > 1 && measure(&parts.join(" \u{b7} "), SMALL, false) > width {
        parts.pop();
    }
    parts.join(" \u{b7} ")
}
