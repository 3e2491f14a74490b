//! Which format an answer takes, and whether the asker has it already.

use actix_web::HttpRequest;
use actix_web::http::header::{self, EntityTag};
use sha2::{Digest, Sha256};

use super::question::Asked;
use crate::http::Problem;
use crate::http::preferences::preferences;
use crate::metrics::Metric;
use crate::model::Mode;
use crate::store::Version;

/// The formats of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/json`.
    Json,
    /// `text/csv`.
    Csv,
}

impl Format {
    const ALL: [Format; 2] = [Format::Json, Format::Csv];

    /// The word in `format=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
        }
    }

    /// Type and subtype of the answer.
    fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Format::Json => ("application", "json"),
            Format::Csv => ("text", "csv"),
        }
    }

    /// The header of the answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8",
        }
    }

    /// Takes `format` out of the pairs, else reads `Accept`.
    ///
    /// # Errors
    /// An unknown or repeated `format`, or an `Accept` that allows none of the formats.
    pub fn choose(request: &HttpRequest, pairs: &mut Vec<(String, String)>) -> Result<Self, Problem> {
        match take(pairs, "format")? {
            None => Self::accepted(request),
            Some(word) => {
                let known = Self::ALL.into_iter().find(|format| format.as_str() == word);
                let detail = || format!("`format` must be json or csv, not `{word}`");
                known.ok_or_else(|| Problem::invalid_parameter("format", detail()))
            }
        }
    }

    fn accepted(request: &HttpRequest) -> Result<Self, Problem> {
        let wanted = preferences(request.headers(), header::ACCEPT).unwrap_or_default();
        let ranges: Vec<Range> = wanted
            .iter()
            .filter_map(|wanted| Range::read(&wanted.name, wanted.weight))
            .collect();
        // A header of which nothing can be read says nothing.
        if ranges.is_empty() {
            return Ok(Format::Json);
        }
        let mut best: Option<(Format, (u16, u8))> = None;
        for format in Self::ALL {
            let rank = rank(&ranges, format);
            if rank.0 > 0 && best.is_none_or(|(_, other)| rank > other) {
                best = Some((format, rank));
            }
        }
        best.map(|(format, _)| format)
            .ok_or_else(|| Problem::not_acceptable("the answer is application/json or text/csv"))
    }
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
    fn closeness(&self, format: Format) -> Option<u8> {
        let (kind, subtype) = format.media_type();
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
fn rank(ranges: &[Range], format: Format) -> (u16, u8) {
    let holding = ranges
        .iter()
        .filter_map(|range| Some((range.closeness(format)?, range.weight)));
    holding.max().map_or((0, 0), |(closeness, weight)| (weight, closeness))
}

/// Takes a parameter out of the pairs.
///
/// # Errors
/// When it is empty or given more than once.
pub fn take(pairs: &mut Vec<(String, String)>, name: &str) -> Result<Option<String>, Problem> {
    let mut found = None;
    for (_, value) in pairs.extract_if(.., |(key, _)| key == name) {
        if value.is_empty() {
            let detail = format!("`{name}` is empty: give it a value or leave it out");
            return Err(Problem::invalid_parameter(name, detail));
        }
        if found.replace(value).is_some() {
            return Err(Problem::invalid_parameter(
                name,
                format!("`{name}` is given more than once"),
            ));
        }
    }
    Ok(found)
}

/// The tag of an answer: the same question on the same data has the same tag.
///
/// Where `as_of` stands for now, the tag is good for the current minute: time alone closes funnels
/// and completes buckets. It is weak, because such answers differ in the moment they state.
pub fn tag(address: &str, pairs: &[(String, String)], asked: &Asked, version: &Version) -> EntityTag {
    let currency = asked.question.currency;
    let currency = currency.as_ref().map_or("original", |currency| currency.code());
    let minute = if asked.as_of_given {
        0
    } else {
        asked.now.timestamp() / 60
    };
    let state = format!("{minute} {} {}", version.data_version, version.epoch);
    let fixed = [env!("CARGO_PKG_VERSION"), address, currency, &state];
    let given = pairs.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    let mut hasher = Sha256::new();
    for part in fixed.into_iter().chain(given) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    EntityTag::new_weak(hex::encode(&hasher.finalize()[..16]))
}

/// The name of a file that holds an answer: the metric, its range, and how it is cut, in letters, digits, dashes,
/// dots and low lines. `payments_2016-07-01_2016-10-01_week_provider.csv`.
pub fn file_name(metric: &Metric, asked: &Asked, extension: &str) -> String {
    let question = &asked.question;
    let range = &question.range;
    let moment = |at| {
        let local = range.local(at);
        let midnight = local.time() == chrono::NaiveTime::MIN;
        local
            .format(if midnight { "%Y-%m-%d" } else { "%Y-%m-%dT%H%M%S" })
            .to_string()
    };
    let mut parts = vec![metric.name.to_owned(), moment(range.from), moment(range.to)];
    parts.extend(range.interval.map(|interval| interval.as_str().to_owned()));
    if !question.group_by.is_empty() {
        parts.push(question.group_by.join("-"));
    }
    if question.mode == Mode::Test {
        parts.push(question.mode.as_str().to_owned());
    }
    format!("{}.{extension}", parts.join("_"))
}
