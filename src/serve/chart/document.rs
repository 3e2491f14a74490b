//! What surrounds a drawing: the root element, words for screen readers, numbers for machines
//! and the texts under the pointer.

use serde_json::{Value as Json, json};

use super::ChartRequest;
use super::canvas::{FAMILY, Rect, UNITS};
use super::data::Grid;
use super::dates::{bucket_label, range_label};
use super::number::{Kind, label};
use super::scale::Bands;
use crate::serve::annotations::described;

/// What a picture says beside its marks.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// The key numbers in a sentence.
    pub summary: String,
    /// Places with a text under the pointer.
    pub hits: Vec<Hit>,
    /// The plotted series.
    pub series: Vec<Json>,
}

/// A place that shows a text.
#[derive(Debug)]
pub(super) struct Hit {
    pub place: Rect,
    pub text: String,
}

/// More buckets than this are too slim to point at.
const MOST_HITS: usize = 500;

/// One place for each bucket, over the whole height of a panel, that tells the bucket's numbers.
pub(super) fn hits(
    grid: &Grid,
    request: &ChartRequest,
    (area, bands): (Rect, Bands),
    drawn: &[usize],
    columns: &[(&str, Kind)],
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
                let numbers: Vec<String> = columns
                    .iter()
                    .map(|(column, kind)| {
                        format!(
                            "{} {}",
                            words(column),
                            label(grid.cell(outer, inner, bucket, column), *kind)
                        )
                    })
                    .collect();
                let part = match grid.part(inner) {
                    "" => String::new(),
                    part => format!("{part}: "),
                };
                text.push_str(&format!("\n{}{part}{}", grid.named(outer), numbers.join(", ")));
            }
        }
        Hit {
            place: Rect {
                x: bands.left(bucket),
                y: area.y,
                w: bands.step,
                h: area.h,
            },
            text,
        }
    };
    (0..bands.count).map(tell).collect()
}

/// A column's name as words.
pub(super) fn words(column: &str) -> String {
    column.replace('_', " ")
}

/// Puts the drawing into a document that stands alone or inside a page.
pub(super) fn wrap(drawing: &str, request: &ChartRequest, notes: &Notes) -> String {
    let inner = drawing.split_once('>').map_or("", |(_, rest)| rest);
    let inner = inner.strip_suffix("</svg>\n").unwrap_or(inner);
    let (width, height) = (request.width, request.height);
    let units = UNITS as u32;
    let about = format!(
        "{}, {} ({})",
        request.title,
        range_label(request.range),
        request.range.tz.name()
    );
    let summary = if notes.summary.is_empty() {
        "No data."
    } else {
        &notes.summary
    };
    let mut document = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" font-family=\"{FAMILY}\" role=\"img\" aria-label=\"{}\">\n",
        width * units,
        height * units,
        attribute(&format!("{about}. {summary}")),
    );
    document.push_str(&format!(
        "<title>{}</title>\n<desc>{}</desc>\n",
        text(&about),
        text(summary)
    ));
    let mut metadata = json!({ "metric": request.metric, "tz": request.range.tz.name(), "series": notes.series });
    if !request.annotations.is_empty() {
        let marked = request.annotations.iter().map(|one| described(one, request.range));
        metadata["annotations"] = marked.collect();
    }
    document.push_str(&format!("<metadata>{}</metadata>\n", text(&metadata.to_string())));
    document.push_str(&slimmed(inner));
    document.push_str(&pointed(&notes.hits));
    document.push_str("</svg>\n");
    document
}

/// The drawing without what says nothing: defaults, and the font that the root already names.
fn slimmed(drawing: &str) -> String {
    // Line breaks around a text count as spaces, which shifts it where it is set from the right.
    let drawing = drawing.replace("\">\n", "\">").replace("\n</text>", "</text>");
    let drawing = drawing.replace(&format!(" font-family=\"{FAMILY}\""), "");
    drawing.replace(" opacity=\"1\"", "").replace(" stroke=\"none\"", "")
}

/// Unseen rectangles with titles, above everything.
fn pointed(hits: &[Hit]) -> String {
    if hits.is_empty() {
        return String::new();
    }
    let mut group = String::from("<g fill=\"none\" pointer-events=\"all\">\n");
    for Hit { place, text: told } in hits {
        let [x, y, w, h] = [place.x, place.y, place.w, place.h].map(|pixels| (pixels * UNITS).round());
        group.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"><title>{}</title></rect>\n",
            text(told)
        ));
    }
    group.push_str("</g>\n");
    group
}

/// Text between tags; characters that XML 1.0 cannot carry become spaces.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            other => escaped.push(printable(other)),
        }
    }
    escaped
}

/// Text of an attribute.
fn attribute(value: &str) -> String {
    text(value).replace('"', "&quot;")
}

/// The character, or a space where XML 1.0 has no place for it.
pub(super) fn printable(character: char) -> char {
    match character {
        '\n' | '\t' => character,
        c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => ' ',
        c => c,
    }
}
