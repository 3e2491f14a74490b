//! Lists in headers: what a client would rather have (RFC 9110, 12.4), and which answers it has already.
//!
//! Clients write these lists in many ways. An element that cannot be read says nothing and is passed over.

use actix_web::http::header::{AsHeaderName, HeaderMap};

/// Weights are thousandths.
pub const MOST: u16 = 1000;

/// One element of a list with its weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preference {
    /// What is named, in small letters and without its parameters.
    pub name: String,
    /// How much it is wanted, from 0, not at all, to [`MOST`].
    pub weight: u16,
}

/// The preferences of a header, whatever number of lines it has; `None` where there is none.
pub fn preferences(headers: &HeaderMap, name: impl AsHeaderName) -> Option<Vec<Preference>> {
    let elements = elements(headers, name)?;
    Some(elements.iter().filter_map(|element| preference(element)).collect())
}

fn preference(element: &str) -> Option<Preference> {
    let mut parts = element.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let mut weight = MOST;
    for part in parts {
        let Some((parameter, value)) = part.split_once('=') else {
            continue;
        };
        if parameter.trim().eq_ignore_ascii_case("q") {
            weight = thousandths(value.trim())?;
            break;
        }
    }
    // The old name of gzip.
    let name = if name == "x-gzip" { "gzip".to_owned() } else { name };
    let readable = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '"');
    readable.then_some(Preference { name, weight })
}

/// A weight such as `0.5`, `1` or, as Java wrote it up to version 18, `.2`.
fn thousandths(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let weight: f64 = text.parse().ok().filter(|_| digits)?;
    (weight <= 1.0).then(|| (weight * f64::from(MOST)).round() as u16)
}

/// The answers that a client has already, by their tags.
#[derive(Debug, Default)]
pub struct Known {
    /// Whatever there is.
    any: bool,
    tags: Vec<String>,
}

impl Known {
    /// Reads `If-None-Match`.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut known = Known::default();
        for element in elements(headers, "if-none-match").unwrap_or_default() {
            known.any |= element == "*";
            let opaque = element.strip_prefix("W/").unwrap_or(&element);
            let opaque = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            known.tags.extend(opaque.map(str::to_owned));
        }
        known
    }

    /// Whether the answer of a tag is among them; a tag stands for one meaning, however it is encoded.
    pub fn holds(&self, tag: &str) -> bool {
        self.any || self.tags.iter().any(|known| known == tag)
    }
}

/// The elements of a header; `None` where there is none. A comma within quotes separates nothing.
fn elements(headers: &HeaderMap, name: impl AsHeaderName) -> Option<Vec<String>> {
    let mut lines = headers.get_all(name).peekable();
    lines.peek()?;
    let mut elements = Vec::new();
    for line in lines {
        let mut quoted = false;
        let line = String::from_utf8_lossy(line.as_bytes());
        let parts = line.split(|c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        elements.extend(parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()));
    }
    Some(elements)
}
