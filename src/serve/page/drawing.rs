//! Draws an answer for the page: for a desk and for a phone.

use std::collections::BTreeSet;

use super::asker::Own;
use super::{Chart, Choices};
use crate::model::Bucket;
use crate::serve::answer::report::Report;
use crate::serve::charts::{self, ChartRequest, Colours, Medium};
use crate::serve::views;

/// Width and height on a desk.
const WIDE: (u32, u32) = (1044, 400);
/// Width and height on a phone.
const NARROW: (u32, u32) = (356, 320);
/// Heights on a phone of what would lose a part in less.
const TALL: [(&str, u32); 3] = [("payments", 560), ("declines", 520), ("path-effect", 400)];
/// Height of a title, and of a bar with the space around it.
const HEAD: u32 = 84;
const ROW: u32 = 56;
/// Height of a step of the funnel, and of a cohort.
const STEP: u32 = 84;
const COHORT: u32 = 35;
/// Bytes up to which a second copy for phones is worth its weight.
const LIGHT: usize = 64 << 10;

/// Draws a report; `None`, and a line in the log, where that fails: a page without a picture still has its numbers.
pub fn draw(report: &Report, choices: &Choices, own: Own, colours: &mut Colours) -> Option<Chart> {
    let filters = [choices.platform.as_str(), choices.mode.as_str()];
    let subtitle = filters.map(str::to_owned).into_iter().filter(|text| !text.is_empty());
    let subtitle = subtitle.collect::<Vec<_>>().join(", ");
    let currency = report.question.currency.map(|currency| currency.code().to_owned());
    let title = report.title();
    let request = |(width, height), medium| ChartRequest {
        metric: report.metric.name,
        picture: views::find(report.metric.name).picture,
        title: &title,
        subtitle: &subtitle,
        table: &report.table,
        whole: report.whole_range(),
        left_out: report.left_out.as_ref(),
        range: &report.question.range,
        as_of: report.question.as_of,
        group_by: &report.question.group_by,
        currency: currency.as_deref(),
        annotations: &report.meta.annotations,
        annotations_left_out: report.meta.annotations_left_out,
        dimension: own
            .iter()
            .find(|(name, _)| *name == "dimension")
            .map(|(_, value)| *value),
        width,
        height,
        medium,
    };
    let drawn = charts::svg_in(&request(fitting(report, WIDE), Medium::Page), colours).and_then(|wide| {
        let narrow = charts::svg_in(&request(fitting(report, NARROW), Medium::Phone), colours)?;
        Ok(Chart {
            narrow: (narrow.len() <= LIGHT).then_some(narrow),
            wide,
        })
    });
    drawn
        .inspect_err(|error| tracing::warn!(%error, metric = report.metric.name, "a chart of the page is missing"))
        .ok()
}

/// A picture of rows is as high as its rows need, and one of panels as they need.
fn fitting(report: &Report, (width, height): (u32, u32)) -> (u32, u32) {
    let question = &report.question;
    let begun = |bucket: &&Bucket| bucket.start < question.as_of;
    let buckets = question.range.buckets.iter().filter(begun).count();
    let tall = TALL
        .iter()
        .filter(|(metric, _)| width == NARROW.0 && *metric == report.metric.name);
    let height = tall.map(|(_, height)| *height).next().unwrap_or(height);
    // Each currency has a panel, or a picture, of its own.
    let height = height.saturating_add(currencies(report).saturating_sub(1).saturating_mul(height / 2));
    let height = height.min(*charts::HEIGHTS.end());
    let rows = match (report.metric.name, buckets) {
        ("coverage", 1) => Some((report.table.rows.len(), ROW)),
        ("conversion", 1) => Some((report.table.rows.len(), STEP)),
        // One more for the names of the periods.
        ("bot-retention", _) => Some((buckets.saturating_add(1), COHORT)),
        _ => None,
    };
    let needed = rows.map(|(rows, row)| {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX).saturating_mul(row);
        let most = if width == NARROW.0 { height.max(440) } else { height };
        HEAD.saturating_add(rows).clamp(*charts::HEIGHTS.start(), most)
    });
    (width, needed.unwrap_or(height))
}

/// How many currencies an answer tells of.
fn currencies(report: &Report) -> u32 {
    let Some(at) = report.table.position("currency") else {
        return 0;
    };
    let codes: BTreeSet<&str> = report.table.rows.iter().filter_map(|row| row[at].as_str()).collect();
    u32::try_from(codes.len()).unwrap_or(u32::MAX)
}
