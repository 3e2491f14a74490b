//! The drawing surface: plotters' SVG backend on a grid of tenths of a pixel.
//!
//! plotters draws on whole units. Ten of them to a pixel keep slim columns evenly wide and
//! lines smooth; the document's `viewBox` scales them back.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use super::ChartError;
use super::annotations::Flags;
use super::document::printable;
use super::fonts;
use super::strokes::{dashes, hatching};
use super::theme::Palette;

/// Drawing units in one pixel.
pub(super) const UNITS: f64 = 10.0;

/// The embedded font, and what a browser without it may take.
pub(super) const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// plotters writes a font size divided by this.
const FONT_SCALE: f64 = 1.24;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
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

    /// Without so much on the left, top, right and bottom.
    pub fn inset(&self, left: f64, top: f64, right: f64, bottom: f64) -> Rect {
        let (w, h) = ((self.w - left - right).max(1.0), (self.h - top - bottom).max(1.0));
        Rect {
            x: self.x + left,
            y: self.y + top,
            w,
            h,
        }
    }
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// Size, weight and colour of a text; its point is the left, centre or right of its middle line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Font {
    pub size: f64,
    pub bold: bool,
    pub color: RGBColor,
}

/// Where a chart is drawn.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    pub palette: &'static Palette,
    pub frame: Rect,
    /// What every axis of time shows beside its numbers.
    pub flags: &'a Flags<'a>,
}

type Drawn = Result<(), ChartError>;

fn failed(error: impl std::fmt::Display) -> ChartError {
    ChartError::Drawing(error.to_string())
}

fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

fn stroke(color: RGBColor, width: f64) -> ShapeStyle {
    ShapeStyle::from(&color).stroke_width(units(width).max(1) as u32)
}

impl<'a> Canvas<'a> {
    /// A canvas that writes into `target`, painted with the background.
    pub fn new(
        target: &'a mut String,
        (width, height): (u32, u32),
        palette: &'static Palette,
        flags: &'a Flags<'a>,
    ) -> Result<Self, ChartError> {
        let size = (width * UNITS as u32, height * UNITS as u32);
        let area = SVGBackend::with_string(target, size).into_drawing_area();
        area.fill(&palette.background).map_err(failed)?;
        let frame = Rect {
            x: 0.0,
            y: 0.0,
            w: f64::from(width),
            h: f64::from(height),
        };
        Ok(Canvas {
            area,
            palette,
            frame,
            flags,
        })
    }

    /// Ends the document.
    pub fn finish(self) -> Drawn {
        self.area.present().map_err(failed)
    }

    /// A text of the chart's usual kind.
    pub fn font(&self, size: f64) -> Font {
        Font {
            size,
            bold: false,
            color: self.palette.text,
        }
    }

    /// A text that stands out.
    pub fn bold(&self, size: f64) -> Font {
        let color = self.palette.text;
        Font {
            size,
            bold: true,
            color,
        }
    }

    /// A text that stands back.
    pub fn muted(&self, size: f64) -> Font {
        Font {
            size,
            bold: false,
            color: self.palette.muted,
        }
    }

    /// A filled rectangle.
    pub fn rect(&self, rect: Rect, color: RGBColor) -> Drawn {
        let corners = [
            (units(rect.x), units(rect.y)),
            (units(rect.right()), units(rect.bottom())),
        ];
        self.area.draw(&Rectangle::new(corners, color.filled())).map_err(failed)
    }

    /// A filled polygon.
    pub fn polygon(&self, points: &[(f64, f64)], color: RGBColor, opacity: f64) -> Drawn {
        self.area
            .draw(&Polygon::new(grid(points), color.mix(opacity).filled()))
            .map_err(failed)
    }

    /// An open line through points.
    pub fn path(&self, points: &[(f64, f64)], color: RGBColor, width: f64) -> Drawn {
        self.area
            .draw(&PathElement::new(grid(points), stroke(color, width)))
            .map_err(failed)
    }

    /// A dashed line through points.
    pub fn dashed(&self, points: &[(f64, f64)], color: RGBColor, width: f64) -> Drawn {
        for dash in dashes(points, 2.2 + width, 1.4 + width / 2.0) {
            self.path(&dash, color, width)?;
        }
        Ok(())
    }

    /// A disc.
    pub fn disc(&self, at: (f64, f64), radius: f64, color: RGBColor) -> Drawn {
        let centre = (units(at.0), units(at.1));
        self.area
            .draw(&Circle::new(centre, units(radius), color.filled()))
            .map_err(failed)
    }

    /// A disc of the background's colour with a rim.
    pub fn ring(&self, at: (f64, f64), radius: f64, color: RGBColor) -> Drawn {
        self.disc(at, radius + 0.7, color)?;
        self.disc(at, radius - 0.7, self.palette.background)
    }

    /// A rectangle that says "not complete": pale, hatched and rimmed.
    pub fn hatched(&self, rect: Rect, color: RGBColor) -> Drawn {
        self.rect(rect, self.palette.tint(color, 0.78))?;
        if rect.w < 3.5 || rect.h < 1.0 {
            return Ok(());
        }
        self.path(&hatching(rect, 4.0), self.palette.tint(color, 0.3), 0.8)?;
        let inner = rect.inset(0.4, 0.4, 0.4, 0.4);
        let (left, top, right, bottom) = (inner.x, inner.y, inner.right(), inner.bottom());
        self.path(
            &[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)],
            color,
            0.8,
        )
    }

    /// A bar: solid when complete, else hatched.
    pub fn bar(&self, rect: Rect, color: RGBColor, complete: bool) -> Drawn {
        if complete {
            self.rect(rect, color)
        } else {
            self.hatched(rect, color)
        }
    }

    /// A point: a disc when complete, else a ring.
    pub fn point(&self, at: (f64, f64), radius: f64, color: RGBColor, complete: bool) -> Drawn {
        if complete {
            self.disc(at, radius, color)
        } else {
            self.ring(at, radius, color)
        }
    }

    /// A text whose middle line runs through `at`.
    pub fn text(&self, text: &str, at: (f64, f64), align: Align, font: Font) -> Drawn {
        let anchor = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        let style = TextStyle::from(description(font.size, font.bold))
            .color(&font.color)
            .pos(Pos::new(anchor, VPos::Top));
        self.clear(text, at, align, font)?;
        // plotters sets the baseline 0.76 em below a top anchor; capitals are 0.73 em high.
        let top = at.1 - 0.395 * font.size;
        let text: String = text.chars().map(printable).collect();
        self.area
            .draw_text(&text, &style, (units(at.0), units(top)))
            .map_err(failed)
    }
}

impl Canvas<'_> {
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
        let place = Rect {
            x: left - 2.0,
            y: at.1 - font.size * 0.6,
            w: w + 4.0,
            h: font.size * 1.2,
        };
        for x in self.flags.through(place) {
            let gap = Rect {
                x: x - 1.0,
                w: 2.0,
                ..place
            };
            self.rect(gap, self.palette.background)?;
        }
        Ok(())
    }
}

fn description(size: f64, bold: bool) -> FontDesc<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FAMILY), size * UNITS * FONT_SCALE, style)
}

/// Width of a text in pixels, measured with the embedded fonts.
pub(super) fn measure(text: &str, size: f64, bold: bool) -> f64 {
    // plotters scales by the line height where it writes by the em; DejaVu's ratio is 1.164.
    let scale = 1.164 / FONT_SCALE / UNITS;
    let plain = |text: &str| f64::from(description(size, bold).box_size(text).map_or(0, |size| size.0)) * scale;
    if text.is_ascii() {
        return plain(text);
    }
    let (known, others): (String, String) = text.chars().partition(|character| fonts::is_plain(*character));
    plain(&known) + others.chars().map(fonts::width).sum::<f64>() * size
}

fn grid(points: &[(f64, f64)]) -> Vec<(i32, i32)> {
    points.iter().map(|(x, y)| (units(*x), units(*y))).collect()
}
