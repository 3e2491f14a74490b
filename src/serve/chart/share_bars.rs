//! Shares in one stretch of time: a bar for each value.

use super::ChartError;
use super::canvas::{Align, Canvas, Rect, measure};
use super::data::Grid;
use super::document::Hit;
use super::frame::SMALL;
use super::names::fitted;
use super::number::{count, percent};
use super::share::{Part, share};

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
    let row = ((place.h - foot) / parts.len().max(1) as f64).min(52.0);
    let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
    let names = fitted(&names, 12.0, true, place.w * 0.3);
    let texts: Vec<String> = parts
        .iter()
        .map(|part| numbers(grid, part, outer, place.w >= 420.0))
        .collect();
    let left = names.iter().map(|name| measure(name, 12.0, true)).fold(0.0, f64::max) + 10.0;
    let right = texts.iter().map(|text| measure(text, SMALL, false)).fold(0.0, f64::max) + 10.0;
    let area = place.inset(left, 0.0, right, 0.0);
    let complete = grid.complete.first().copied().unwrap_or(true);
    let mut hits = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let line = place.row(place.y + row * at as f64, row);
        let (middle, height) = (line.y + row / 2.0, (row * 0.62).min(26.0));
        canvas.text(&names[at], (place.x, middle), Align::Left, canvas.bold(12.0))?;
        canvas.text(&texts[at], (place.right(), middle), Align::Right, canvas.font(SMALL))?;
        let track = Rect {
            x: area.x,
            y: middle - height / 2.0,
            w: area.w,
            h: height,
        };
        canvas.rect(track, canvas.palette.tint(canvas.palette.track, 0.5))?;
        if let Some(share) = share(grid, part, outer, 0, "share_by_count").filter(|share| *share > 0.0) {
            let bar = Rect {
                w: (area.w * share).max(1.0),
                ..track
            };
            canvas.bar(bar, part.color, complete)?;
        }
        if let Some(share) = share(grid, part, outer, 0, "share_by_amount") {
            let at = (area.x + area.w * share, middle);
            canvas.disc(at, 4.6, canvas.palette.background)?;
            canvas.disc(at, 3.4, canvas.palette.text)?;
        }
        hits.push(Hit {
            place: line,
            text: format!("{}: {}", part.name, texts[at]),
        });
    }
    if foot > 0.0 {
        let note = concentration(grid, outer, place.w);
        canvas.text(
            &note,
            (place.x, place.y + row * parts.len() as f64 + 12.0),
            Align::Left,
            canvas.muted(SMALL),
        )?;
    }
    Ok(hits)
}

fn numbers(grid: &Grid, part: &Part, outer: usize, worded: bool) -> String {
    let share = share(grid, part, outer, 0, "share_by_count").map_or_else(|| "\u{2013}".to_owned(), percent);
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
    if let Some(number) = cell("effective_number").as_f64() {
        parts.push(format!("like {number:.2} equal shares"));
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
