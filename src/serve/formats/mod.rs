//! The formats of an answer, as a table: one more is one entry.

pub mod csv;
pub mod json;
pub mod ndjson;

use actix_web::HttpRequest;
use actix_web::http::header;

use super::answer::report::{AnswerError, Report};
use super::negotiate::take;
use crate::http::Problem;
use crate::http::preferences::preferences;
use crate::metrics::parameter::alternatives;

/// One format.
#[derive(Debug)]
pub struct Format {
    /// The word in `format=`, and the extension of files.
    pub name: &'static str,
    /// Type and subtype, as `Accept` names them.
    media_type: (&'static str, &'static str),
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// Whether browsers save it as a file.
    pub is_saved: bool,
    /// Whether a byte order mark may stand before it.
    pub takes_mark: bool,
    /// Writes an answer, behind a byte order mark where that is wanted.
    pub write: fn(&Report, bool) -> Result<Vec<u8>, AnswerError>,
}

/// Every format; the first is that of an asker who wants none in particular.
pub const ALL: &[Format] = &[json::FORMAT, csv::FORMAT, ndjson::FORMAT];

impl Format {
    /// Takes `format` out of the pairs, else reads `Accept`.
    ///
    /// # Errors
    /// An unknown or repeated `format`, or an `Accept` that allows none of the formats.
    pub fn choose(request: &HttpRequest, pairs: &mut Vec<(String, String)>) -> Result<&'static Self, Problem> {
        match take(pairs, "format")? {
            None => accepted(request),
            Some(word) => {
                let known = ALL.iter().find(|format| format.name == word);
                let detail = || {
                    format!(
                        "`format` must be {}, not `{word}`",
                        listed(|format| format.name.to_owned())
                    )
                };
                known.ok_or_else(|| Problem::invalid_parameter("format", detail()))
            }
        }
    }
}

/// The formats in a sentence.
fn listed(name: impl Fn(&Format) -> String) -> String {
    let names: Vec<String> = ALL.iter().map(name).collect();
    alternatives(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn accepted(request: &HttpRequest) -> Result<&'static Format, Problem> {
    let wanted = preferences(request.headers(), header::ACCEPT).unwrap_or_default();
    let ranges: Vec<Range> = wanted
        .iter()
        .filter_map(|wanted| Range::read(&wanted.name, wanted.weight))
        .collect();
    // A header of which nothing can be read says nothing.
    if ranges.is_empty() {
        return Ok(&ALL[0]);
    }
    let mut best: Option<(&Format, (u16, u8))> = None;
    for format in ALL {
        let rank = rank(&ranges, format);
        if rank.0 > 0 && best.is_none_or(|(_, other)| rank > other) {
            best = Some((format, rank));
        }
    }
    let media_type = |format: &Format| format!("{}/{}", format.media_type.0, format.media_type.1);
    let refused = || Problem::not_acceptable(format!("the answer is {}", listed(media_type)));
    best.map(|(format, _)| format).ok_or_else(refused)
}

/// One media range of `Accept`.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    /// `None` for what is no media range. `*` alone, as Java sends it, is `*/*`.
    fn read(name: &'a str, weight: u16) -> Option<Self> {
        let (kind, subtype) = if name == "*" { ("*", "*") } else { name.split_once('/')? };
        let readable = !kind.is_empty() && !subtype.is_empty() && (kind != "*" || subtype == "*");
        readable.then_some(Range { kind, subtype, weight })
    }

    /// How closely it names a format; `None` where it does not hold it.
    fn closeness(&self, format: &Format) -> Option<u8> {
        let (kind, subtype) = format.media_type;
        match (self.kind, self.subtype) {
            (a, b) if a == kind && b == subtype => Some(2),
            (a, "*") if a == kind => Some(1),
            ("*", "*") => Some(0),
            _ => None,
        }
    }
}

/// How much a format is wanted: the weight of the ranges that name it most closely, and how closely that is. Of two
/// wanted alike, the one that is named wins over the one that is merely not excluded.
fn rank(ranges: &[Range], format: &Format) -> (u16, u8) {
    let holding = ranges
        .iter()
        .filter_map(|range| Some((range.closeness(format)?, range.weight)));
    holding.max().map_or((0, 0), |(closeness, weight)| (weight, closeness))
}
