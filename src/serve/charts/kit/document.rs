//! The document around the marks: the root element, words for screen readers, numbers for machines
//! and the texts under the pointer.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::backend::{Medium, UNITS, pixels};
use super::canvas::Rect;
use super::data::Grid;
use super::dates::{bucket_label, range_label};
use super::scale::Calendar;
use crate::serve::answer::annotations::described;
use crate::serve::charts::ChartRequest;

/// The embedded font, and what a browser without it may take.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// What a picture says beside its marks.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// The key numbers in a sentence.
    pub summary: String,
    /// Places with a text under the pointer.
    pub hits: Vec<Hit>,
    /// The plotted series.
    pub series: Vec<Json>,
}

/// A place that shows a text.
#[derive(Debug)]
pub(crate) struct Hit {
    pub place: Rect,
    pub text: String,
}

impl Hit {
    pub fn new(place: Rect, text: impl Into<String>) -> Self {
        let text = text.into();
        Hit { place, text }
    }
}

/// More buckets than this are too slim to point at.
const MOST_HITS: usize = 500;

/// One place for each bucket, over the whole height of a panel, that tells the bucket's numbers.
pub(crate) fn hits(
    grid: &Grid,
    request: &ChartRequest,
    (area, bands): (Rect, Calendar),
    drawn: &[usize],
    columns: &[&str],
) -> Vec<Hit> {
    if bands.count > MOST_HITS {
        return Vec::new();
    }
    let tell = |bucket: usize| {
        let mut text = bucket_label(request.range, bucket);
        if !grid.complete[bucket] {
            text.push_str(" (incomplete)");
        }
        for &outer in drawn {
            for inner in 0..grid.inner.len().min(12) {
                let told = |column: &&str| format!("{} {}", words(column), grid.shown(outer, inner, bucket, column));
                let numbers: Vec<String> = columns.iter().map(told).collect();
                let part = match grid.part(inner) {
                    "" => String::new(),
                    part => format!("{part}: "),
                };
                text.push_str(&format!("\n{}{part}{}", grid.named(outer), numbers.join(", ")));
            }
        }
        Hit {
            place: Rect::new(bands.left(bucket), area.y, bands.step, area.h),
            text,
        }
    };
    (0..bands.count).map(tell).collect()
}

/// A column's name as words.
pub(crate) fn words(column: &str) -> String {
    column.replace('_', " ")
}

/// The document that stands alone or inside a page.
pub(crate) fn document(request: &ChartRequest, notes: &Notes, marks: &str) -> String {
    let (width, height) = (request.width, request.height);
    let (title, zone) = (request.title, request.range.tz.name());
    let about = format!("{title}, {} ({zone})", range_label(request.range));
    let summary = match notes.summary.as_str() {
        "" => "No data.",
        summary => summary,
    };
    let label = escaped(&format!("{about}. {summary}")).replace('"', "&quot;");
    let (about, summary) = (escaped(&about), escaped(summary));
    let mut document = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FAMILY}\" fill=\"none\" role=\"img\" aria-label=\"{label}\">\n\
         <title>{about}</title>\n<desc>{summary}</desc>\n"
    );
    if matches!(request.medium, Medium::File(_) | Medium::Pixels(_)) {
        document.push_str(&format!(
            "<metadata>{}</metadata>\n",
            escaped(&metadata(request, notes).to_string())
        ));
    }
    document.push_str(marks);
    if request.medium != Medium::Phone {
        push_hits(&mut document, &notes.hits);
    }
    document.push_str("</svg>\n");
    document
}

/// The drawn numbers for machines.
fn metadata(request: &ChartRequest, notes: &Notes) -> Json {
    let mut metadata = json!({ "metric": request.metric, "tz": request.range.tz.name(), "series": notes.series });
    if !request.annotations.is_empty() {
        let marked = request.annotations.iter().map(|one| described(one, request.range));
        metadata["annotations"] = marked.collect();
    }
    metadata
}

/// Unseen rectangles with titles, above everything.
fn push_hits(document: &mut String, hits: &[Hit]) {
    if hits.is_empty() {
        return;
    }
    document.push_str("<g pointer-events=\"all\">\n");
    for Hit { place, text } in hits {
        let [x, y, w, h] = [place.x, place.y, place.w, place.h].map(|at| pixels((at * UNITS).round() as i32));
        let text = escaped(text);
        // A string takes everything.
        let _ = writeln!(
            document,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"><title>{text}</title></rect>"
        );
    }
    document.push_str("</g>\n");
}

/// Text between tags; characters that XML 1.0 cannot carry become spaces.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\n' | '\t' => escaped.push(character),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
