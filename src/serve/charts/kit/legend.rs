//! The legend above a picture.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, Rect, measure};
use super::data::Grid;
use super::earlier;
use super::frame::{SMALL, fit, whisker};
use super::names::fitted;
use super::theme::dashed;
use crate::serve::charts::ChartError;

/// How a legend's entry looks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark {
    Block(RGBColor),
    Hatched(RGBColor),
    Line(RGBColor),
    Dashed(RGBColor),
    Whisker(RGBColor),
    Dot(RGBColor),
    /// Words only.
    Note,
}

/// Room that a mark takes before the words of its entry.
const MARK: f64 = 17.0;

/// Entries, each with its mark.
#[derive(Debug, Default)]
pub(crate) struct Legend(Vec<(Mark, String)>);

impl Legend {
    /// An entry with a mark.
    pub fn add(&mut self, mark: Mark, label: impl Into<String>) -> &mut Self {
        self.0.push((mark, label.into()));
        self
    }

    /// A filled mark.
    pub fn block(&mut self, color: RGBColor, label: impl Into<String>) -> &mut Self {
        self.add(Mark::Block(color), label)
    }

    /// A line.
    pub fn line(&mut self, color: RGBColor, label: impl Into<String>) -> &mut Self {
        self.add(Mark::Line(color), label)
    }

    /// A disc.
    pub fn dot(&mut self, color: RGBColor, label: impl Into<String>) -> &mut Self {
        self.add(Mark::Dot(color), label)
    }

    /// Words only.
    pub fn note(&mut self, label: impl Into<String>) -> &mut Self {
        self.add(Mark::Note, label)
    }

    /// Lines in the colours of the series.
    pub fn lines<'n>(&mut self, canvas: &Canvas, names: impl IntoIterator<Item = &'n str>) -> &mut Self {
        let lines = names.into_iter().zip(canvas.palette.series);
        lines.fold(self, |legend, (name, color)| legend.line(color, name))
    }

    /// What hatched marks mean, where any bucket is incomplete.
    pub fn incomplete(&mut self, canvas: &Canvas, grid: &Grid) -> &mut Self {
        match grid.complete.contains(&false) {
            true => self.add(Mark::Hatched(canvas.palette.neutral[0]), "incomplete"),
            false => self,
        }
    }

    /// The line of the earlier period, where a column has earlier values.
    pub fn earlier(&mut self, canvas: &Canvas, grid: &Grid, column: &str, label: &str) -> &mut Self {
        match earlier::is_known(grid, column) {
            true => self.line(canvas.palette.neutral[2], label),
            false => self,
        }
    }

    /// How many groups are not drawn, and what they come to in a unit.
    pub fn others(&mut self, grid: &Grid, drawn: &[usize], size: impl Fn(usize) -> f64, unit: &str) -> &mut Self {
        match grid.others(drawn, size, unit) {
            Some(others) => self.note(format!("{others} in the table")),
            None => self,
        }
    }

    /// Says that something has no room in a picture of this size.
    pub fn no_room(&mut self, what: &str) -> &mut Self {
        self.note(format!("{what} in the table: no room here"))
    }

    /// Draws the entries below `top`; returns where the next thing may stand.
    pub(super) fn draw(&self, canvas: &Canvas, inner: Rect, top: f64) -> Result<f64, ChartError> {
        if self.0.is_empty() {
            return Ok(top);
        }
        let (mut x, mut y) = (inner.x, top + 13.0);
        // On a phone a long name must not take a line of its own.
        let widest = if canvas.frame.w < 480.0 { 140.0 } else { inner.w - MARK };
        let names: Vec<String> = self.0.iter().map(|(_, label)| label.clone()).collect();
        for ((look, label), name) in self.0.iter().zip(fitted(&names, SMALL, false, widest)) {
            let noted = matches!(look, Mark::Note);
            let mark = if noted { 0.0 } else { MARK };
            // Words alone are no name that others of its kind resemble.
            let label = if noted { fit(label, SMALL, false, inner.w) } else { name };
            let width = mark + measure(&label, SMALL, false);
            if x > inner.x && x + width > inner.right() {
                x = inner.x;
                y += 16.0;
            }
            draw_mark(canvas, *look, x, y)?;
            let font = if mark > 0.0 {
                canvas.font(SMALL)
            } else {
                canvas.muted(SMALL)
            };
            canvas.text(&label, (x + mark, y), Align::Left, font)?;
            x += width + 14.0;
        }
        Ok(y + 8.0)
    }
}

fn draw_mark(canvas: &Canvas, mark: Mark, x: f64, y: f64) -> Result<(), ChartError> {
    let block = Rect::new(x, y - 5.0, 12.0, 10.0);
    match mark {
        Mark::Block(color) => canvas.rect(block, color),
        Mark::Hatched(color) => canvas.bar(block, color, false),
        Mark::Line(color) => canvas.path(&[(x, y), (x + 12.0, y)], color, 2.4),
        Mark::Dashed(color) => canvas.path(&[(x, y), (x + 13.0, y)], dashed(color), 2.0),
        Mark::Dot(color) => canvas.disc((x + 6.0, y), 4.0, color),
        Mark::Whisker(color) => whisker(canvas, (x, x + 12.0), y, 3.5, color),
        Mark::Note => Ok(()),
    }
}
