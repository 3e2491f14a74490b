//! Which format an answer takes, and whether the asker has it already.

use actix_web::HttpRequest;
use actix_web::http::header::{Accept, EntityTag, Header, IfNoneMatch, Quality};
use sha2::{Digest, Sha256};

use super::question::Asked;
use crate::http::Problem;
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
        // A header that cannot be read says nothing.
        let Ok(accept) = Accept::parse(request) else {
            return Ok(Format::Json);
        };
        if accept.is_empty() {
            return Ok(Format::Json);
        }
        let mut best: Option<(Format, Quality)> = None;
        for format in Self::ALL {
            let weight = weight(&accept, format);
            if weight > Quality::ZERO && best.is_none_or(|(_, other)| weight > other) {
                best = Some((format, weight));
            }
        }
        best.map(|(format, _)| format)
            .ok_or_else(|| Problem::not_acceptable("the answer is application/json or text/csv"))
    }
}

/// How much a format is wanted: the weight of the most specific range that holds it.
fn weight(accept: &Accept, format: Format) -> Quality {
    let (kind, subtype) = format.media_type();
    let ranges = accept.iter().filter_map(|range| {
        let specific = match (range.item.type_().as_str(), range.item.subtype().as_str()) {
            (a, b) if a == kind && b == subtype => 2,
            (a, "*") if a == kind => 1,
            ("*", "*") => 0,
            _ => return None,
        };
        Some((specific, range.quality))
    });
    ranges
        .max_by_key(|(specific, _)| *specific)
        .map_or(Quality::ZERO, |(_, quality)| quality)
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

/// The tags of the answers that the asker has.
pub fn known_tags(request: &HttpRequest) -> Vec<EntityTag> {
    // `*` asks whether there is any answer at all, which only a request that changes something needs.
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Items(tags)) => tags,
        Ok(IfNoneMatch::Any) | Err(_) => Vec::new(),
    }
}
