//! Mends JSON in which a single text or number cannot be read, so that this costs that one value and nothing beside it.
//!
//! Senders cut texts in the middle of an emoji, escape what JSON has no escape for, or write `NaN`. Where a strict
//! reader stops at such a value, one pass puts a stand-in in its place and the text is read again. A stand-in is never
//! taken for a value: reading the member is an error. Structure is never guessed.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::number;

/// Stands for a value that cannot be read. It passes as raw JSON, and no reader takes it for a text.
const UNREADABLE: &str = r#""\ud800""#;
/// Begins the name that stands for one that cannot be read; Unicode keeps this character out of texts.
const UNREADABLE_NAME: char = '\u{ffff}';
/// How deeply a [`document`] may nest; what is deeper is skipped.
const DEEPEST: usize = 100;
/// The byte order mark that some programs put in front of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a member's name stands for one that cannot be read.
pub fn is_unreadable_name(name: &str) -> bool {
    name.starts_with(UNREADABLE_NAME)
}

/// A JSON text with stand-ins for the values and names that cannot be passed over raw.
pub fn mended(json: &[u8]) -> String {
    let style = Style {
        deepest: usize::MAX,
        number: as_it_stands,
        passes: |value| serde_json::from_str::<&RawValue>(value).is_ok(),
        stand_in: |out, _| out.push_str(UNREADABLE),
    };
    mend(json, &style)
}

/// Reads a JSON text strictly, and where that fails once more with stand-ins.
///
/// # Errors
/// What is wrong with the text as it came.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(json).or_else(|fault| serde_json::from_str(&mended(json.as_bytes())).map_err(|_| fault))
}

/// The tree of a JSON text; none where its structure is broken.
///
/// A value that cannot be read is a list of one text, its bytes in hexadecimal digits: no text and no number, but not
/// absent, and another one where the bytes differ. A whole number is one in every spelling (`5.0`, `1e2`), told by its
/// digits.
pub fn document(json: &[u8]) -> Option<Value> {
    let style = Style {
        deepest: DEEPEST,
        number: number::plain,
        passes: |value| serde_json::from_str::<Value>(value).is_ok(),
        stand_in: |out, bytes| {
            out.push_str("[\"");
            out.push_str(&hex::encode(bytes));
            out.push_str("\"]");
        },
    };
    let strict = serde_json::from_slice(json)
        .ok()
        .filter(|document| !has_fraction(document));
    // A stand-in for the whole text is no document.
    strict.or_else(|| serde_json::from_str(&mend(json, &style)).ok().filter(Value::is_object))
}

/// Whether a number in a tree is no integer, or is not written as one.
fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        _ => false,
    }
}

fn as_it_stands(number: &str) -> Cow<'_, str> {
    Cow::Borrowed(number)
}

/// How values that cannot be read are told and replaced.
struct Style {
    /// Levels of arrays and objects that are kept.
    deepest: usize,
    /// How a number is written.
    number: fn(&str) -> Cow<'_, str>,
    /// Whether a text, number or word may stay.
    passes: fn(&str) -> bool,
    /// Writes what stands for these bytes.
    stand_in: fn(&mut String, &[u8]),
}

fn mend(json: &[u8], style: &Style) -> String {
    let json = json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
    let mut out = String::with_capacity(json.len() + json.len() / 8);
    let (mut at, mut depth) = (0, 0);
    while let Some(&first) = json.get(at) {
        let start = at;
        at = token_end(json, start);
        match first {
            b'{' | b'[' if depth == style.deepest => {
                at = container_end(json, start);
                (style.stand_in)(&mut out, &json[start..at]);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let token = &json[start..at];
        let text = std::str::from_utf8(token).ok();
        let named = || json[at..].iter().find(|byte| !is_blank(**byte)) == Some(&b':');
        match (first, text) {
            (b'{' | b'}' | b'[' | b']' | b',' | b':' | b' ' | b'\t' | b'\n' | b'\r', Some(text)) => out.push_str(text),
            (b'"', Some(name)) if named() && serde_json::from_str::<String>(name).is_ok() => out.push_str(name),
            (b'"', _) if is_closed(token) && named() => {
                out.extend(['"', UNREADABLE_NAME]);
                out.push_str(&hex::encode(token));
                out.push('"');
            }
            (_, Some(value)) if (style.passes)(value) && number::is_number(value) => {
                out.push_str(&(style.number)(value));
            }
            (_, Some(value)) if (style.passes)(value) => out.push_str(value),
            // A text without an end and a name without quotation marks are faults of the structure.
            (b'"', _) if !is_closed(token) => out.push_str(&String::from_utf8_lossy(token)),
            (_, _) if named() => out.push_str(&String::from_utf8_lossy(token)),
            _ => (style.stand_in)(&mut out, token),
        }
    }
    out
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a text that begins with a quotation mark also ends with one.
fn is_closed(token: &[u8]) -> bool {
    token.len() > 1 && text_end(token, 0) == Some(token.len())
}

/// Where the text that begins at a quotation mark ends: behind the next one without a backslash.
fn text_end(json: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Where the token that begins here ends: a sign, a run of blanks, a text, or a run of anything else.
fn token_end(json: &[u8], start: usize) -> usize {
    let run = |inside: fn(u8) -> bool| {
        let length = json[start..].iter().position(|byte| !inside(*byte));
        length.map_or(json.len(), |length| start + length)
    };
    match json[start] {
        b'{' | b'}' | b'[' | b']' | b',' | b':' => start + 1,
        b'"' => text_end(json, start).unwrap_or(json.len()),
        byte if is_blank(byte) => run(is_blank),
        _ => run(|byte| !is_blank(byte) && !matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"')),
    }
}

/// Where the array or object that begins here ends; the end of the text where it is never closed.
fn container_end(json: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while let Some(&first) = json.get(at) {
        at = token_end(json, at);
        match first {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    json.len()
}
