//! An axis on its side: values from left to right, for pictures that read like a list.

use super::ChartError;
use super::canvas::{Align, Canvas, Rect};
use super::number::{Kind, axis};
use super::scale::Scale;

/// A horizontal axis over an area.
#[derive(Debug)]
pub(super) struct Lying {
    area: Rect,
    scale: Scale,
    kind: Kind,
}

/// Height that the labels of an axis take below its area.
pub(super) const FOOT: f64 = 20.0;

impl Lying {
    /// Covers `lo` to `hi` and zero.
    pub fn new(lo: f64, hi: f64, kind: Kind, area: Rect) -> Self {
        let lying = Rect {
            x: 0.0,
            y: 0.0,
            w: area.h,
            h: area.w,
        };
        let scale = Scale::new(lo, hi, kind, lying);
        Lying { area, scale, kind }
    }

    /// The pixel of a value.
    pub fn x(&self, value: f64) -> f64 {
        self.area.right() - self.scale.y(value)
    }

    /// Draws lines over the whole height and their labels below it.
    pub fn draw(&self, canvas: &Canvas) -> Result<(), ChartError> {
        let labels = axis(&self.scale.ticks, self.scale.step, self.kind);
        let (top, bottom) = (self.area.y, self.area.bottom());
        for (tick, text) in self.scale.ticks.iter().zip(labels) {
            let x = self.x(*tick);
            let color = match *tick == 0.0 {
                true => canvas.palette.axis,
                false => canvas.palette.grid,
            };
            canvas.path(&[(x, top), (x, bottom)], color, 1.0)?;
            canvas.text(&text, (x, bottom + 10.0), Align::Centre, canvas.muted(10.5))?;
        }
        Ok(())
    }
}
