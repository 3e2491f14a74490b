//! A list: in each row a name at the left, its numbers at the right, and between them room for a bar.

use super::canvas::{Align, Canvas, Font, Rect, widest};
use super::frame::SMALL;
use crate::serve::charts::ChartError;

/// Rows of equal height, one for each name.
pub(crate) struct List {
    body: Rect,
    names: Vec<String>,
    numbers: Vec<String>,
    font: Font,
    /// Where the bars are.
    pub area: Rect,
    /// Height of a row.
    pub row: f64,
}

impl List {
    /// A list of names, written in a font, and their numbers; a row is at most so high.
    pub fn new(body: Rect, (names, font): (Vec<String>, Font), numbers: Vec<String>, most: f64) -> Self {
        let row = (body.h / names.len().max(1) as f64).min(most);
        // A gap stands beside either.
        let left = widest(&names, font.size, font.bold) + 10.0;
        let area = body
            .inset(left, 0.0, widest(&numbers, SMALL, false) + 10.0, 0.0)
            .row(body.y, row * names.len() as f64);
        List {
            body,
            names,
            numbers,
            font,
            area,
            row,
        }
    }

    /// The place of a row.
    pub fn place(&self, at: usize) -> Rect {
        self.body.row(self.body.y + self.row * at as f64, self.row)
    }

    /// Where the bar of a row is, which takes a share of its height and at most so many pixels.
    pub fn bar(&self, at: usize, (share, most): (f64, f64)) -> Rect {
        let (place, height) = (self.place(at), (self.row * share).min(most));
        Rect::new(self.area.x, place.y + (place.h - height) / 2.0, self.area.w, height)
    }

    /// Writes the name and the numbers of a row; names begin at the left edge, or end before their bars.
    pub fn write(&self, canvas: &Canvas, at: usize, align: Align) -> Result<(), ChartError> {
        let place = self.place(at);
        let middle = place.y + place.h / 2.0;
        let x = if align == Align::Left {
            place.x
        } else {
            self.area.x - 8.0
        };
        canvas.text(&self.names[at], (x, middle), align, self.font)?;
        let end = (place.right(), middle);
        canvas.text(&self.numbers[at], end, Align::Right, canvas.font(SMALL))
    }

    /// The numbers of a row.
    pub fn numbers(&self, at: usize) -> &str {
        &self.numbers[at]
    }
}
