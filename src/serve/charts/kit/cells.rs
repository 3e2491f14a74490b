//! Places for the groups of a picture that draws each on its own.

use super::canvas::{Align, Canvas, Rect};
use super::data::Grid;
use super::frame::{SMALL, fit};
use super::names::fitted;
use crate::serve::charts::ChartError;

/// A group's own place in a picture of several.
#[derive(Debug)]
pub(crate) struct Cell {
    pub outer: usize,
    pub place: Rect,
}

/// How many groups have a place, in how many columns and rows.
pub(crate) fn arrangement(groups: usize, body: Rect, (least_w, least_h): (f64, f64)) -> (usize, usize, usize) {
    let (most_columns, most_rows) = (
        (body.w / least_w).max(1.0) as usize,
        (body.h / least_h).max(1.0) as usize,
    );
    let shown = groups.min(most_columns * most_rows);
    // The layout whose cells come nearest to the proportions of a picture.
    let fitting = (1..=most_columns.min(shown.max(1))).filter(|columns| shown.div_ceil(*columns) <= most_rows);
    let oddness = |columns: &usize| {
        let (w, h) = (body.w / *columns as f64, body.h / shown.div_ceil(*columns) as f64);
        (w / h / 1.6).ln().abs()
    };
    let columns = fitting
        .min_by(|a, b| oddness(a).total_cmp(&oddness(b)))
        .unwrap_or(most_columns);
    (shown, columns, shown.div_ceil(columns))
}

/// Places for as many groups as stay readable, each under its name, the largest first; one group takes all.
///
/// `size` is the size of a group in so many `unit`s, by which those without a place are counted.
pub(crate) fn cells(
    canvas: &Canvas,
    grid: &Grid,
    body: Rect,
    least: (f64, f64),
    (size, unit): (impl Fn(usize) -> f64, &str),
) -> Result<Vec<Cell>, ChartError> {
    let groups = grid.outer.len();
    if groups <= 1 && grid.name(0).is_empty() {
        return Ok(vec![Cell { outer: 0, place: body }]);
    }
    let (shown, columns, rows) = arrangement(groups, body, least);
    let mut drawn = grid.by_size(&size);
    drawn.truncate(shown);
    let others = grid.others(&drawn, &size, unit);
    let foot = if others.is_some() { 16.0 } else { 0.0 };
    let (w, h) = (body.w / columns as f64, (body.h - foot) / rows as f64);
    let names: Vec<String> = drawn.iter().map(|outer| grid.name(*outer).to_owned()).collect();
    let names = fitted(&names, 12.0, true, w - 12.0);
    let mut cells = Vec::new();
    for ((at, outer), name) in drawn.into_iter().enumerate().zip(names) {
        let (column, row) = ((at % columns) as f64, (at / columns) as f64);
        let left = if column > 0.0 { 12.0 } else { 0.0 };
        let place = Rect::new(body.x + column * w, body.y + row * h, w, h).inset(left, 0.0, 0.0, 6.0);
        canvas.text(&name, (place.x, place.y + 8.0), Align::Left, canvas.bold(12.0))?;
        cells.push(Cell {
            outer,
            place: place.inset(0.0, 18.0, 0.0, 0.0),
        });
    }
    if let Some(others) = others {
        foot_note(canvas, body, &others)?;
    }
    Ok(cells)
}

/// What has no place in a picture, said at its foot: it is in the table.
pub(crate) fn foot_note(canvas: &Canvas, body: Rect, what: &str) -> Result<(), ChartError> {
    let note = fit(&format!("{what} in the table"), SMALL, false, body.w);
    canvas.text(&note, (body.x, body.bottom() - 7.0), Align::Left, canvas.muted(SMALL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_group_takes_all_the_room() {
        let body = Rect::new(0.0, 0.0, 930.0, 380.0);
        assert_eq!(arrangement(1, body, (240.0, 150.0)), (1, 1, 1));
        assert_eq!(arrangement(3, body, (240.0, 150.0)), (3, 2, 2));
    }
}
