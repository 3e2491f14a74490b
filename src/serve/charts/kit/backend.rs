//! The backend of plotters that writes the SVG as it is sent: classes for its looks, colours for the medium, tenths of a
//! pixel, texts measured with the embedded fonts.
//!
//! plotters draws on whole units; ten of them are a pixel.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt::Write;
use std::rc::Rc;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::document::escaped;
use super::fonts;
use super::theme::{Colours, Ink, Theme, is_dashed};

/// Drawing units in one pixel.
pub(crate) const UNITS: f64 = 10.0;

/// Where a chart is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// An SVG file.
    File(Theme),
    /// An SVG that is made into pixels with the embedded fonts.
    Pixels(Theme),
    /// Inside a page that follows its reader's light or dark setting: colours are variables of its style sheet, and
    /// the numbers for machines stand elsewhere.
    Page,
    /// The same on a phone, which has no pointer to show texts under.
    Phone,
}

/// What was drawn.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    /// The marks, in the order of drawing.
    pub marks: String,
    /// What their classes stand for.
    pub colours: Colours,
}

/// Writes what plotters draws into a sheet.
#[derive(Debug, Clone)]
pub(crate) struct Svg {
    size: (u32, u32),
    medium: Medium,
    sheet: Rc<RefCell<Sheet>>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// A number of units as pixels.
pub(crate) fn pixels(units: i32) -> String {
    let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    match (units / 10, units % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, tenths) => format!("{sign}{whole}.{tenths}"),
    }
}

/// Moves a thin line along an axis to the middle of its pixels, where it is sharp.
fn sharpen(points: &mut [BackendCoord]) {
    let middle = |units: i32| units.div_euclid(10) * 10 + 5;
    if let [from, to] = points {
        if from.0 == to.0 {
            (from.0, to.0) = (middle(from.0), middle(to.0));
        } else if from.1 == to.1 {
            (from.1, to.1) = (middle(from.1), middle(to.1));
        }
    }
}

impl Svg {
    /// A backend of so many pixels, and the sheet that it writes.
    pub fn new((width, height): (u32, u32), medium: Medium) -> (Self, Rc<RefCell<Sheet>>) {
        let sheet = Rc::<RefCell<Sheet>>::default();
        let size = (width * UNITS as u32, height * UNITS as u32);
        let svg = Svg {
            size,
            medium,
            sheet: Rc::clone(&sheet),
        };
        (svg, sheet)
    }

    /// The name of a class, which stands for a declaration.
    fn class(&self, name: String, stands_for: String) -> String {
        let classes = &mut self.sheet.borrow_mut().colours.classes;
        classes.entry(name.clone()).or_insert(stands_for);
        name
    }

    /// The class that paints a property, and an attribute for its opacity where it is not solid.
    fn paint(&self, property: &str, color: BackendColor) -> (String, String) {
        let ink = Ink::of(color.rgb);
        self.sheet.borrow_mut().colours.inks.insert(ink);
        let value = match self.medium {
            Medium::File(theme) | Medium::Pixels(theme) => ink.hex(theme),
            Medium::Page | Medium::Phone => format!("var(--{})", ink.name()),
        };
        let class = self.class(
            format!("{}{}", &property[..1], ink.name()),
            format!("{property}:{value}"),
        );
        let opacity = match color.alpha {
            alpha if alpha < 1.0 => format!(" {property}-opacity=\"{alpha}\""),
            _ => String::new(),
        };
        (class, opacity)
    }

    fn write(&self, mark: std::fmt::Arguments) {
        // A string takes everything.
        let _ = writeln!(self.sheet.borrow_mut().marks, "{mark}");
    }

    fn line<S: BackendStyle>(&self, points: &[BackendCoord], style: &S) {
        let (points, width) = (listed(points), style.stroke_width() as i32);
        let (color, opacity) = self.paint("stroke", style.color());
        let (kind, dashes) = match is_dashed(style.color().rgb) {
            true => {
                let (dash, gap) = (pixels(22 + width), pixels(14 + width / 2));
                ("d", format!(";stroke-dasharray:{dash} {gap}"))
            }
            false => ("w", String::new()),
        };
        let line = self.class(
            format!("{kind}{width}"),
            format!("stroke-width:{}{dashes}", pixels(width)),
        );
        self.write(format_args!(
            "<polyline class=\"{color} {line}\"{opacity} points=\"{points}\"/>"
        ));
    }
}

/// Points as an attribute lists them.
fn listed(points: &[BackendCoord]) -> String {
    let point = |(x, y): &BackendCoord| format!("{},{}", pixels(*x), pixels(*y));
    points.iter().map(point).collect::<Vec<_>>().join(" ")
}

/// Unseen marks are not written.
fn seen<S: BackendStyle>(style: &S) -> bool {
    style.color().alpha > 0.0
}

impl DrawingBackend for Svg {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        if seen(style) {
            let mut points: Vec<BackendCoord> = path.into_iter().collect();
            if style.stroke_width() <= UNITS as u32 {
                sharpen(&mut points);
            }
            self.line(&points, style);
        }
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        if !fill {
            return self.draw_path([from, (to.0, from.1), to, (from.0, to.1), from], style);
        }
        if seen(style) {
            let (color, opacity) = self.paint("fill", style.color());
            let [x, y, width, height] = [from.0, from.1, to.0 - from.0, to.1 - from.1].map(pixels);
            self.write(format_args!(
                "<rect class=\"{color}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"{opacity}/>"
            ));
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        if seen(style) {
            let [x, y, radius] = [centre.0, centre.1, radius as i32].map(pixels);
            let (color, opacity) = self.paint(if fill { "fill" } else { "stroke" }, style.color());
            self.write(format_args!(
                "<circle class=\"{color}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"{opacity}/>"
            ));
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vert: I, style: &S) -> Drawn {
        if seen(style) {
            let (color, opacity) = self.paint("fill", style.color());
            let points = listed(&vert.into_iter().collect::<Vec<_>>());
            self.write(format_args!(
                "<polygon class=\"{color}\"{opacity} points=\"{points}\"/>"
            ));
        }
        Ok(())
    }

    /// A text at its baseline; capitals are 0.73 em high.
    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let anchor = style.anchor();
        let below = match anchor.v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.365,
            VPos::Bottom => -0.1,
        };
        let (size, mut classes) = (style.size().round() as i32, String::new());
        let mut add = |name: String, stands_for: String| {
            classes.push_str(&self.class(name, stands_for));
            classes.push(' ');
        };
        add(format!("s{size}"), format!("font-size:{}px", pixels(size)));
        if is_bold(style) {
            add("b".into(), "font-weight:bold".into());
        }
        match anchor.h_pos {
            HPos::Left => {}
            HPos::Center => add("m".into(), "text-anchor:middle".into()),
            HPos::Right => add("e".into(), "text-anchor:end".into()),
        }
        let (x, y) = (pixels(x), pixels(y + (below * style.size()).round() as i32));
        let (color, _) = self.paint("fill", style.color());
        let text = match self.medium {
            Medium::Pixels(_) => fonts::in_families(&escaped(&fonts::legible(text))),
            _ => escaped(text),
        };
        self.write(format_args!(
            "<text class=\"{classes}{color}\" x=\"{x}\" y=\"{y}\">{text}</text>"
        ));
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width = fonts::measure(text, style.size(), is_bold(style));
        Ok((width.round() as u32, style.size().round() as u32))
    }
}

fn is_bold<T: BackendTextStyle>(style: &T) -> bool {
    style.style().as_str() == "bold"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_written_as_pixels() {
        assert_eq!(
            [120, 123, 5, -5, -120, 0].map(pixels),
            ["12", "12.3", "0.5", "-0.5", "-12", "0"]
        );
    }

    #[test]
    fn a_page_gets_variables_and_a_file_gets_colours() {
        let draw = |medium| {
            let (mut svg, sheet) = Svg::new((40, 30), medium);
            let color = BackendColor {
                alpha: 0.5,
                rgb: (6, 0, 0),
            };
            svg.draw_rect((15, 20), (115, 40), &color, true).unwrap();
            let sheet = sheet.take();
            assert_eq!(
                sheet.marks,
                "<rect class=\"fc6\" x=\"1.5\" y=\"2\" width=\"10\" height=\"2\" fill-opacity=\"0.5\"/>\n"
            );
            sheet.colours.rules()
        };
        assert_eq!(draw(Medium::File(Theme::Light)), "svg .fc6{fill:#0072B2}");
        assert_eq!(draw(Medium::Page), "svg .fc6{fill:var(--c6)}");
    }
}
