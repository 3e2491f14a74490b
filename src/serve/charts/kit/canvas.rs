//! The drawing surface in pixels, for what stands beside axes: texts, bars of lists, legends.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};
use plotters_backend::BackendCoord;

use super::annotations::Flags;
use super::backend::{Medium, Sheet, Svg, UNITS};
use super::bar::Bar;
use super::theme::{PALETTE, Palette};
use crate::serve::charts::ChartError;

pub(crate) use super::fonts::{measure, widest};

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        Rect { x, y, w, h }
    }

    pub fn right(&self) -> f64 {
        self.x + self.w
    }

    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }

    /// The same width at another height of the picture.
    pub fn row(&self, y: f64, h: f64) -> Rect {
        Rect { y, h, ..*self }
    }

    /// The same height at another place from left to right.
    pub fn part(&self, x: f64, w: f64) -> Rect {
        Rect { x, w, ..*self }
    }

    /// Without so much on the left, top, right and bottom.
    pub fn inset(&self, left: f64, top: f64, right: f64, bottom: f64) -> Rect {
        let (w, h) = ((self.w - left - right).max(1.0), (self.h - top - bottom).max(1.0));
        Rect::new(self.x + left, self.y + top, w, h)
    }

    /// Its upper left and lower right corner in drawing units.
    pub fn corners(&self) -> [BackendCoord; 2] {
        [at((self.x, self.y)), at((self.right(), self.bottom()))]
    }
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// Size, weight and colour of a text; its point is the left, centre or right of its middle line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Font {
    pub size: f64,
    pub bold: bool,
    pub color: RGBColor,
}

impl Font {
    /// The style for plotters.
    pub fn style(self, align: Align) -> TextStyle<'static> {
        let weight = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let anchor = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        TextStyle {
            font: FontDesc::new(FontFamily::SansSerif, self.size * UNITS, weight),
            color: self.color.to_backend_color(),
            pos: Pos::new(anchor, VPos::Center),
        }
    }
}

/// Where a chart is drawn.
pub(crate) struct Canvas<'a> {
    pub area: DrawingArea<Svg, Shift>,
    pub palette: &'static Palette,
    pub frame: Rect,
    /// What every axis of time shows beside its numbers.
    pub flags: &'a Flags<'a>,
}

type Drawn = Result<(), ChartError>;

pub(crate) fn failed(error: impl std::fmt::Display) -> ChartError {
    ChartError::Drawing(error.to_string())
}

/// Pixels in drawing units.
pub(crate) fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

/// A line so many pixels wide.
pub(crate) fn stroke(color: RGBColor, width: f64) -> ShapeStyle {
    ShapeStyle::from(&color).stroke_width(units(width).max(1) as u32)
}

fn at((x, y): (f64, f64)) -> BackendCoord {
    (units(x), units(y))
}

fn grid(points: &[(f64, f64)]) -> Vec<BackendCoord> {
    points.iter().copied().map(at).collect()
}

impl<'a> Canvas<'a> {
    /// A canvas painted with the background, and the sheet that gets what is drawn.
    pub fn new(
        (width, height): (u32, u32),
        medium: Medium,
        flags: &'a Flags<'a>,
    ) -> Result<(Self, Rc<RefCell<Sheet>>), ChartError> {
        let (svg, sheet) = Svg::new((width, height), medium);
        let area = svg.into_drawing_area();
        let palette = &PALETTE;
        area.fill(&palette.background).map_err(failed)?;
        let frame = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        let canvas = Canvas {
            area,
            palette,
            frame,
            flags,
        };
        Ok((canvas, sheet))
    }

    /// The drawing area of a place, both edges included.
    pub(crate) fn place(&self, place: Rect) -> DrawingArea<Svg, Shift> {
        let [(left, top), (right, bottom)] = place.corners();
        self.area
            .clone()
            .shrink((left, top), (right - left + 1, bottom - top + 1))
    }

    /// A text of the chart's usual kind.
    pub fn font(&self, size: f64) -> Font {
        let (bold, color) = (false, self.palette.text);
        Font { size, bold, color }
    }

    /// A text that stands out.
    pub fn bold(&self, size: f64) -> Font {
        let (bold, color) = (true, self.palette.text);
        Font { size, bold, color }
    }

    /// A text that stands back.
    pub fn muted(&self, size: f64) -> Font {
        let (bold, color) = (false, self.palette.muted);
        Font { size, bold, color }
    }

    fn draw<E>(&self, element: &E) -> Drawn
    where
        for<'e> &'e E: PointCollection<'e, BackendCoord>,
        E: Drawable<Svg>,
    {
        self.area.draw(element).map_err(failed)
    }

    /// A filled rectangle.
    pub fn rect(&self, rect: Rect, color: RGBColor) -> Drawn {
        self.draw(&Rectangle::new(rect.corners(), color.filled()))
    }

    /// An open line through points.
    pub fn path(&self, points: &[(f64, f64)], color: RGBColor, width: f64) -> Drawn {
        self.draw(&PathElement::new(grid(points), stroke(color, width)))
    }

    /// A disc.
    pub fn disc(&self, centre: (f64, f64), radius: f64, color: RGBColor) -> Drawn {
        self.draw(&Circle::new(at(centre), units(radius), color.filled()))
    }

    /// A bar: solid when complete, else hatched.
    pub fn bar(&self, rect: Rect, color: RGBColor, complete: bool) -> Drawn {
        self.draw(&Bar::new(rect.corners(), color, complete))
    }

    /// A text whose middle line runs through a point.
    pub fn text(&self, text: &str, point: (f64, f64), align: Align, font: Font) -> Drawn {
        self.clear(text, point, align, font)?;
        self.area.draw_text(text, &font.style(align), at(point)).map_err(failed)
    }

    /// Interrupts the lines of annotations where a text on the bare ground stands on them.
    fn clear(&self, text: &str, at: (f64, f64), align: Align, font: Font) -> Drawn {
        let bare = [self.palette.text, self.palette.muted].contains(&font.color);
        if !bare || self.flags.is_clear() {
            return Ok(());
        }
        let w = measure(text, font.size, font.bold);
        let left = match align {
            Align::Left => at.0,
            Align::Centre => at.0 - w / 2.0,
            Align::Right => at.0 - w,
        };
        let place = Rect::new(left - 2.0, at.1 - font.size * 0.6, w + 4.0, font.size * 1.2);
        for x in self.flags.through(place) {
            self.rect(place.part(x - 1.0, 2.0), self.palette.background)?;
        }
        Ok(())
    }
}
