//! Draws an answer for the page: for a desk and for a phone.

use std::collections::BTreeSet;

use super::{Chart, Choices};
use crate::serve::answer::report::Report;
use crate::serve::charts::{self, Colours, Medium};
use crate::serve::views::{Place, View};

/// Width and height on a desk.
const WIDE: (u32, u32) = (1044, 400);
/// Width on a phone, and the height up to which rows may make a picture higher there.
const NARROW: (u32, u32) = (356, 440);
/// Bytes up to which a second copy for phones is worth its weight.
const LIGHT: usize = 64 << 10;

/// Draws a report; `None`, and a line in the log, where that fails: a page without a picture still has its numbers.
pub fn draw(view: &View, place: &Place, report: &Report, choices: &Choices, colours: &mut Colours) -> Option<Chart> {
    let filters = [choices.platform.as_str(), choices.mode.as_str()];
    let subtitle = filters.into_iter().filter(|text| !text.is_empty());
    let subtitle = subtitle.collect::<Vec<_>>().join(", ");
    let mut drawn = |size, medium| {
        view.drawn(report, &subtitle, size, medium, |request| {
            charts::svg_in(request, colours)
        })
    };
    let wide = (WIDE.0, height(place, report, WIDE.1, WIDE.1));
    let narrow = (NARROW.0, height(place, report, place.phone, NARROW.1));
    let chart = drawn(wide, Medium::Page).and_then(|wide| {
        let narrow = drawn(narrow, Medium::Phone)?;
        Ok(Chart {
            narrow: (narrow.len() <= LIGHT).then_some(narrow),
            wide,
        })
    });
    chart
        .inspect_err(|error| tracing::warn!(%error, metric = report.metric.name, "a chart of the page is missing"))
        .ok()
}

/// A picture of rows is as high as its rows need, up to a height; any other is as high as usual.
fn height(place: &Place, report: &Report, usual: u32, most: u32) -> u32 {
    // Each currency has a panel, or a picture, of its own.
    let more = currencies(report).saturating_sub(1).saturating_mul(usual / 2);
    let (least, highest) = (*charts::HEIGHTS.start(), *charts::HEIGHTS.end());
    let usual = usual.saturating_add(more).min(highest);
    let rows = (place.rows)(report);
    rows.map_or(usual, |rows| rows.clamp(least, usual.max(most)))
}

/// How many currencies an answer tells of.
fn currencies(report: &Report) -> u32 {
    let Some(at) = report.table.position("currency") else {
        return 0;
    };
    let codes: BTreeSet<&str> = report.table.rows.iter().filter_map(|row| row[at].as_str()).collect();
    u32::try_from(codes.len()).unwrap_or(u32::MAX)
}
