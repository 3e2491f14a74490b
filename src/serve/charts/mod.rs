//! Charts: a table drawn as SVG by plotters, and that SVG as PNG.
//!
//! A chart takes nothing but the rows of an answer, so it cannot say another number than the
//! table does; the numbers it draws stand in its `<metadata>` for machines, in its `<desc>` for
//! ears and under the pointer for eyes. The same request gives the same bytes.
//!
//! `pictures` has one file for each kind of picture, `kit` what they are made of: the backend that writes the SVG, the
//! coordinates of plotters that they are drawn in, axes, marks, legends and texts.

mod kit;
pub(super) mod pictures;

use chrono::{DateTime, Utc};

use crate::metrics::LeftOut;
use crate::model::{Annotation, Table, TimeRange};

use kit::annotations::{Flags, Style};
use kit::canvas::Canvas;
use kit::document::Notes;
use kit::{begun, canvas, document, fonts, png as raster};

pub use kit::backend::Medium;
pub use kit::theme::{Colours, Theme};

/// Widths a chart can have, in pixels.
pub const WIDTHS: std::ops::RangeInclusive<u32> = 320..=2000;
/// Heights a chart can have, in pixels.
pub const HEIGHTS: std::ops::RangeInclusive<u32> = 200..=1200;

/// A kind of picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Picture {
    /// Draws it, and says what stands beside it for machines and for ears.
    pub draw: Draw,
    /// Whether it has an axis of time of its own, which ends where it must.
    pub own_axis: bool,
    /// Whether it shows the earlier range of a comparison.
    pub shows_earlier: fn(&ChartRequest) -> bool,
}

type Draw = fn(&Canvas, &ChartRequest) -> Result<Notes, ChartError>;

impl Picture {
    /// A picture over the buckets of the range that leaves an earlier one to the table.
    pub const fn of(draw: Draw) -> Self {
        Picture {
            draw,
            own_axis: false,
            shows_earlier: |_| false,
        }
    }
}

/// What to draw.
#[derive(Debug, Clone, Copy)]
pub struct ChartRequest<'a> {
    /// The metric's name.
    pub metric: &'a str,
    /// The kind of picture.
    pub(crate) picture: Picture,
    /// The metric's name for people.
    pub title: &'a str,
    /// What the reader must know beside range and zone, which the chart writes itself: filters, mode.
    pub subtitle: &'a str,
    /// The rows, flat, as every format shows them.
    pub table: &'a Table,
    /// The rows of the whole range as one bucket; those of `table` where it has one bucket only.
    pub whole: &'a Table,
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
    /// Where it is shown.
    pub medium: Medium,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum ChartError {
    /// Too small to read or too large to send.
    #[error("a chart is 320 to 2000 pixels wide and 200 to 1200 high")]
    Size,
    /// plotters failed.
    #[error("the chart cannot be drawn: {0}")]
    Drawing(String),
    /// resvg failed.
    #[error("the chart cannot be rasterised: {0}")]
    Raster(String),
}

impl ChartRequest<'_> {
    /// Whether the range has several buckets.
    pub(crate) fn over_time(&self) -> bool {
        self.range.buckets.len() > 1
    }

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
    svg_in(request, &mut Colours::default())
}

/// The same, and adds the colours and classes that it uses to those of a page.
///
/// # Errors
/// As [`svg`].
pub fn svg_in(request: &ChartRequest<'_>, colours: &mut Colours) -> Result<String, ChartError> {
    check_size(request.width, request.height)?;
    match begun::cut(request) {
        None => drawn(request, colours),
        Some(begun) => drawn(&begun.request(request), colours),
    }
}

/// Draws a chart as a PNG of exactly its size.
///
/// # Errors
/// As [`svg`].
pub fn png(request: &ChartRequest<'_>) -> Result<Vec<u8>, ChartError> {
    let medium = match request.medium {
        Medium::File(theme) | Medium::Pixels(theme) => Medium::Pixels(theme),
        Medium::Page | Medium::Phone => Medium::Pixels(Theme::default()),
    };
    let document = svg(&ChartRequest { medium, ..*request })?;
    raster::rasterised(&document, request.width, request.height)
}

fn drawn(request: &ChartRequest<'_>, colours: &mut Colours) -> Result<String, ChartError> {
    let mut style = Style::Named;
    loop {
        let flags = Flags::new(request, style);
        let size = (request.width, request.height);
        let (canvas, sheet) = canvas::Canvas::new(size, request.medium, &flags)?;
        let mut notes = (request.picture.draw)(&canvas, request)?;
        let Some(other) = flags.instead() else {
            flags.tell(&mut notes);
            let sheet = sheet.take();
            let document = document::document(request, &notes, &sheet);
            colours.add(sheet.colours);
            return Ok(document);
        };
        style = other;
    }
}

/// Reads the fonts, which are read once.
pub fn warm_up() {
    fonts::warm_up();
    raster::warm_up();
}

fn check_size(width: u32, height: u32) -> Result<(), ChartError> {
    if WIDTHS.contains(&width) && HEIGHTS.contains(&height) {
        Ok(())
    } else {
        Err(ChartError::Size)
    }
}
