//! Charts: a table drawn as SVG by plotters, and that SVG as PNG.
//!
//! A chart takes nothing but the rows of an answer, so it cannot say another number than the
//! table does; the numbers it draws stand in its `<metadata>` for machines, in its `<desc>` for
//! ears and under the pointer for eyes. The same request gives the same bytes.
//!
//! One file draws one kind of picture; what they share is below them: `panel` (axes), `marks`
//! (columns, lines), `frame` (title, legend, "no data"), `document` (what surrounds the drawing).

mod accounting;
mod activation;
mod annotations;
mod begun;
mod calendar;
mod canvas;
mod change;
mod compare;
mod comparisons;
mod coverage;
mod data;
mod dates;
mod declines;
mod document;
mod earlier;
mod fonts;
mod forecast;
mod frame;
mod funnel;
mod legible;
mod lines;
mod lying;
mod marks;
mod milestones;
mod names;
mod number;
mod panel;
mod path_effect;
mod path_effect_time;
mod payments;
mod pills;
mod png;
mod population;
mod rates;
mod retention;
mod scale;
mod sfnt;
mod share;
mod share_bars;
mod strokes;
#[cfg(test)]
mod tests;
mod theme;
mod unseen;
#[cfg(test)]
mod wholes {
    mod tests;
}

use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use plotters::style::{FontStyle, register_font};

use crate::metrics::LeftOut;
use crate::model::{Annotation, Table, TimeRange};

use annotations::{Flags, Style};

pub use theme::Theme;

/// Widths a chart can have, in pixels.
pub const WIDTHS: std::ops::RangeInclusive<u32> = 320..=2000;
/// Heights a chart can have, in pixels.
pub const HEIGHTS: std::ops::RangeInclusive<u32> = 200..=1200;

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub struct ChartRequest<'a> {
    /// The metric's name; one without a picture of its own is drawn as lines.
    pub metric: &'a str,
    /// The metric's name for people.
    pub title: &'a str,
    /// What the reader must know beside range and zone, which the chart writes itself: filters, mode.
    pub subtitle: &'a str,
    /// The rows, flat, as every format shows them.
    pub table: &'a Table,
    /// The values that one row tells of together.
    pub left_out: Option<&'a LeftOut>,
    /// The buckets and their zone.
    pub range: &'a TimeRange,
    /// The moment that answers: what begins later is not drawn.
    pub as_of: DateTime<Utc>,
    /// The columns that split the rows, in the asked order.
    pub group_by: &'a [&'static str],
    /// Currency of amounts where the table has no `currency` column.
    pub currency: Option<&'a str>,
    /// What people have marked in the range, in the order of time.
    pub annotations: &'a [Annotation],
    /// Earlier ones that are not among them.
    pub annotations_left_out: u64,
    /// For a share, what it is a share of: `provider`, `network`, `method` or `wallet`.
    pub dimension: Option<&'a str>,
    /// Pixels, within [`WIDTHS`].
    pub width: u32,
    /// Pixels, within [`HEIGHTS`].
    pub height: u32,
    /// Light or dark.
    pub theme: Theme,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// Too small to read or too large to send.
    #[error("a chart is 320 to 2000 pixels wide and 200 to 1200 high")]
    Size,
    /// The embedded font cannot be read.
    #[error("the embedded font cannot be read")]
    Font,
    /// plotters failed.
    #[error("the chart cannot be drawn: {0}")]
    Drawing(String),
    /// resvg failed.
    #[error("the chart cannot be rasterised: {0}")]
    Raster(String),
}

impl ChartRequest<'_> {
    /// Whether the range has ended at the moment that answers.
    fn over(&self) -> bool {
        self.range.to <= self.as_of
    }
}

/// Draws a chart as an SVG document that can stand alone or inside a page.
///
/// # Errors
/// When the size is out of bounds or the drawing fails; never for want of data, which is drawn as such.
pub fn svg(request: &ChartRequest<'_>) -> Result<String, ChartError> {
    check_size(request.width, request.height)?;
    fonts()?;
    match begun::cut(request) {
        None => drawn(request),
        Some(begun) => drawn(&begun.request(request)),
    }
}

/// Draws a chart as a PNG of exactly its size.
///
/// # Errors
/// As [`svg`].
pub fn png(request: &ChartRequest<'_>) -> Result<Vec<u8>, ChartError> {
    let (width, height) = (request.width, request.height);
    let Some(legible) = legible::Legible::of(request) else {
        return png::rasterised(&svg(request)?, width, height);
    };
    png::rasterised(&svg(&legible.request(request))?, width, height)
}

fn drawn(request: &ChartRequest<'_>) -> Result<String, ChartError> {
    let mut style = Style::Named;
    loop {
        let (mut body, flags) = (String::new(), Flags::new(request, style));
        let size = (request.width, request.height);
        let canvas = canvas::Canvas::new(&mut body, size, request.theme.palette(), &flags)?;
        let mut notes = picture(&canvas, request)?;
        canvas.finish()?;
        let Some(other) = flags.instead() else {
            flags.tell(&mut notes);
            return Ok(document::wrap(&body, request, &notes));
        };
        style = other;
    }
}

/// Draws the picture of a metric.
fn picture(canvas: &canvas::Canvas, request: &ChartRequest) -> Result<document::Notes, ChartError> {
    match request.metric {
        "bot-growth" => population::draw(canvas, request),
        "milestones" => milestones::draw(canvas, request),
        "bot-activity" => accounting::draw(canvas, request),
        "bot-activation" => activation::draw(canvas, request),
        "bot-retention" => retention::draw(canvas, request),
        "conversion" if request.range.buckets.len() > 1 => rates::draw(canvas, request),
        "conversion" => funnel::draw(canvas, request),
        "path-effect" if request.range.buckets.len() > 1 => path_effect_time::draw(canvas, request),
        "path-effect" => path_effect::draw(canvas, request),
        "provider-share" => share::draw(canvas, request),
        "declines" => declines::draw(canvas, request),
        "change" => change::draw(canvas, request),
        "payments" => payments::draw(canvas, request),
        "coverage" => coverage::draw(canvas, request),
        "forecast" => forecast::draw(canvas, request),
        _ => lines::draw(canvas, request),
    }
}

/// Reads the fonts, which are read once.
pub fn warm_up() {
    drop(fonts());
    fonts::warm_up();
    png::warm_up();
}

fn check_size(width: u32, height: u32) -> Result<(), ChartError> {
    if WIDTHS.contains(&width) && HEIGHTS.contains(&height) {
        Ok(())
    } else {
        Err(ChartError::Size)
    }
}

/// Hands plotters the embedded font, once; it measures every text with it.
fn fonts() -> Result<(), ChartError> {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    let registered = REGISTERED.get_or_init(|| {
        register_font(canvas::FAMILY, FontStyle::Normal, dejavu::sans::regular()).is_ok()
            && register_font(canvas::FAMILY, FontStyle::Bold, dejavu::sans::bold()).is_ok()
    });
    if *registered { Ok(()) } else { Err(ChartError::Font) }
}
