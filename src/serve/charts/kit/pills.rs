//! Numbers on grounds of their own: those that would touch share one.

use super::canvas::{Align, Canvas, Font, Rect, measure};
use crate::serve::charts::ChartError;

/// Size of the numbers.
const NUMBER: f64 = 9.0;
/// Height of a number's ground, and the least width.
const PILL: f64 = 12.0;

/// Lines whose numbers share a ground.
pub(crate) struct Cluster {
    /// Index of the first line.
    pub first: usize,
    /// Index of the last.
    pub last: usize,
    /// Pixel of the first.
    from: f64,
    /// Pixel of the last.
    to: f64,
}

impl Cluster {
    /// What its ground carries: `3`, or `3–5`.
    pub fn label(&self) -> String {
        match self.first == self.last {
            true => (self.first + 1).to_string(),
            false => format!("{}\u{2013}{}", self.first + 1, self.last + 1),
        }
    }

    /// The width of its ground.
    pub fn width(&self) -> f64 {
        pill_width(&self.label())
    }

    /// The middle of its ground, which stays between the ends.
    pub fn centre(&self, (left, right): (f64, f64)) -> f64 {
        let half = self.width() / 2.0;
        ((self.from + self.to) / 2.0).clamp(left + half, (right - half).max(left + half))
    }
}

/// The lines in groups whose numbers keep apart.
pub(crate) fn clusters(lines: &[(usize, f64)], ends: (f64, f64)) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    for (index, x) in lines {
        clusters.push(Cluster {
            first: *index,
            last: *index,
            from: *x,
            to: *x,
        });
        // A wider ground may reach the one before it in turn.
        while let [.., one, two] = clusters.as_slice()
            && one.centre(ends) + one.width() / 2.0 + 2.0 > two.centre(ends) - two.width() / 2.0
        {
            let (last, to) = (two.last, two.to);
            clusters.pop();
            if let Some(one) = clusters.last_mut() {
                (one.last, one.to) = (last, to);
            }
        }
    }
    clusters
}

/// The width of a number's ground.
pub(crate) fn pill_width(number: &str) -> f64 {
    (measure(number, NUMBER, true) + 6.0).max(PILL)
}

/// A number on a ground of its own.
pub(crate) fn pill(canvas: &Canvas, number: &str, (x, y): (f64, f64)) -> Result<(), ChartError> {
    let (width, radius) = (pill_width(number), PILL / 2.0);
    let ground = canvas.palette.muted;
    let reach = width / 2.0 - radius;
    if reach > 0.0 {
        let body = Rect::new(x - reach, y - radius, 2.0 * reach, PILL);
        canvas.rect(body, ground)?;
        canvas.disc((x - reach, y), radius, ground)?;
    }
    canvas.disc((x + reach, y), radius, ground)?;
    let font = Font {
        size: NUMBER,
        bold: true,
        color: canvas.palette.background,
    };
    canvas.text(number, (x, y), Align::Centre, font)
}
