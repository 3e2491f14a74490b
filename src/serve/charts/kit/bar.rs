//! A bar between two corners of any coordinates: solid, or hatched where it is not complete.

use plotters::element::{Drawable, PointCollection};
use plotters::style::{Color, RGBColor};
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use super::backend::{Svg, UNITS};
use super::canvas::stroke;
use super::theme::PALETTE;

/// Distance of two lines of a hatching, in drawing units.
const SPACING: i32 = 40;

/// A bar of plotters, in the coordinates of its area.
pub(crate) struct Bar<C> {
    corners: [C; 2],
    color: RGBColor,
    complete: bool,
    /// The edges that lie on whole pixels, where they are sharp.
    sharp: bool,
}

impl<C> Bar<C> {
    pub fn new(corners: [C; 2], color: RGBColor, complete: bool) -> Self {
        Bar {
            corners,
            color,
            complete,
            sharp: false,
        }
    }

    /// With its left and right edge on whole pixels.
    pub fn sharp(self, sharp: bool) -> Self {
        Bar { sharp, ..self }
    }
}

impl<'a, C: 'a> PointCollection<'a, C> for &'a Bar<C> {
    type Point = &'a C;
    type IntoIter = &'a [C];

    fn point_iter(self) -> &'a [C] {
        &self.corners
    }
}

impl<C> Drawable<Svg> for Bar<C> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut corners: I,
        backend: &mut Svg,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<<Svg as DrawingBackend>::ErrorType>> {
        let (Some(one), Some(other)) = (corners.next(), corners.next()) else {
            return Ok(());
        };
        let whole = |x: i32| match self.sharp {
            true => (f64::from(x) / UNITS).round() as i32 * UNITS as i32,
            false => x,
        };
        let (left, right) = (whole(one.0.min(other.0)), whole(one.0.max(other.0)));
        let (top, bottom) = (one.1.min(other.1), one.1.max(other.1));
        // A little is not nothing.
        let (right, bottom) = (right.max(left + 10), bottom.max(top + 8));
        if self.complete {
            return backend.draw_rect((left, top), (right, bottom), &self.color.filled(), true);
        }
        let pale = PALETTE.tint(self.color, 0.78);
        backend.draw_rect((left, top), (right, bottom), &pale.filled(), true)?;
        if right - left < 35 || bottom - top < 10 {
            return Ok(());
        }
        let lines = stroke(PALETTE.tint(self.color, 0.3), 0.8);
        backend.draw_path(hatching((left, top), (right, bottom)), &lines)?;
        let (from, to) = ((left + 4, top + 4), (right - 4, bottom - 4));
        backend.draw_rect(from, to, &stroke(self.color, 0.8), false)
    }
}

/// Parallel diagonals inside a rectangle as one line that turns at the edges.
fn hatching((left, top): BackendCoord, (right, bottom): BackendCoord) -> Vec<BackendCoord> {
    let (w, h) = (right - left, bottom - top);
    let diagonal = |index: i32| {
        let along = index * SPACING;
        let low = (left + (along - h).max(0), top + along.min(h));
        let high = (left + along.min(w), top + (along - w).max(0));
        if index % 2 == 0 { [low, high] } else { [high, low] }
    };
    (1..=(w + h) / SPACING).flat_map(diagonal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hatching_stays_inside_its_rectangle() {
        let points = hatching((100, 200), (170, 510));
        assert!(points.len() > 10);
        for (x, y) in points {
            assert!((100..=170).contains(&x) && (200..=510).contains(&y), "{x} {y}");
        }
    }
}
