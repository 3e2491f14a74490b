//! The document around the marks: the root element, words for screen readers, numbers for machines
//! and the texts under the pointer.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::backend::{Medium, Sheet, UNITS, pixels};
use super::canvas::Rect;
use super::data::Grid;
use super::dates::{bucket_label, range_label};
use super::scale::Calendar;
use crate::model::TimeRange;
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

/// One place for each bucket, over the whole height of a panel: its name, and what `tell` adds.
pub(crate) fn bucket_hits(
    range: &TimeRange,
    complete: &[bool],
    (area, bands): (Rect, Calendar),
    tell: impl Fn(usize) -> String,
) -> Vec<Hit> {
    if bands.count > MOST_HITS {
        return Vec::new();
    }
    let hit = |bucket: usize| {
        let note = if complete[bucket] { "" } else { " (incomplete)" };
        let text = format!("{}{note}{}", bucket_label(range, bucket), tell(bucket));
        Hit::new(Rect::new(bands.left(bucket), area.y, bands.step, area.h), text)
    };
    (0..bands.count).map(hit).collect()
}

/// The same with the numbers of the drawn groups in some columns.
pub(crate) fn hits(grid: &Grid, place: (Rect, Calendar), drawn: &[usize], columns: &[&str]) -> Vec<Hit> {
    let tell = |bucket: usize| {
        let mut text = String::new();
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
        text
    };
    bucket_hits(grid.request.range, &grid.complete, place, tell)
}

/// A column's name as words.
pub(crate) fn words(column: &str) -> String {
    column.replace('_', " ")
}

/// The document that stands alone or inside a page.
pub(crate) fn document(request: &ChartRequest, notes: &Notes, sheet: &Sheet) -> String {
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
        let (style, metadata) = (sheet.colours.rules(), metadata(request, notes).to_string());
        let metadata = escaped(&metadata);
        document.push_str(&format!("<style>{style}</style>\n<metadata>{metadata}</metadata>\n"));
    }
    document.push_str(&sheet.marks);
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
