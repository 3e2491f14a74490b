//! The canonical text of JSON values, which tells a duplicate from a conflict.
//!
//! It does not depend on the order of members, on white space, on how a string is escaped or on how a number is
//! written: `1e2` is `100.0`.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::json::{MAX_DEPTH, malformed, members, string};
use super::privacy::{cards, fields};
use super::rejection::{Code, Rejection};
use super::{mend, number};

/// What is kept of a text that cannot be read.
const UNREADABLE: &str = "\u{fffd}";

/// Whether numbers are written by their value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    ByValue,
    AsSent,
}

/// Appends the canonical text of what is kept of a JSON value: without private members, card numbers and
/// e-mail addresses, and without texts that cannot be read.
///
/// # Errors
/// `extra_too_large` where it nests too deeply.
pub fn write_canonical(out: &mut String, raw: &str, depth: usize) -> Result<(), Rejection> {
    write(out, raw, depth, Numbers::ByValue)
}

/// The same with every number as it was sent, as earlier versions compared events.
///
/// # Errors
/// As [`write_canonical`].
pub fn write_as_sent(out: &mut String, raw: &str, depth: usize) -> Result<(), Rejection> {
    write(out, raw, depth, Numbers::AsSent)
}

fn write(out: &mut String, raw: &str, depth: usize, numbers: Numbers) -> Result<(), Rejection> {
    match raw.as_bytes().first() {
        Some(b'"') => match string(raw) {
            Ok(Some(text)) => write_text(out, &text, depth, numbers)?,
            Ok(None) | Err(_) => write_string(out, UNREADABLE),
        },
        Some(b'{' | b'[') if depth >= MAX_DEPTH => {
            let message = format!("arrays and objects may be nested at most {MAX_DEPTH} levels deep");
            return Err(Rejection::new(Code::ExtraTooLarge, message));
        }
        Some(b'{') => write_members(out, raw, |out, _, value| write(out, value, depth + 1, numbers))?,
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(raw).map_err(malformed)?;
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(out, value.get(), depth + 1, numbers)?;
            }
            out.push(']');
        }
        Some(b'-' | b'0'..=b'9') => {
            let plain = number::plain(raw);
            if cards::in_number(raw) || cards::in_number(&plain) {
                write_string(out, fields::CARD_REMOVED);
            } else {
                out.push_str(if numbers == Numbers::ByValue { &plain } else { raw });
            }
        }
        _ => out.push_str(raw),
    }
    Ok(())
}

/// Appends an object with what is kept of its members, each written by `write` from its name and its JSON text.
///
/// # Errors
/// Those of `write`; `malformed` if it is not an object.
pub fn write_members(
    out: &mut String,
    raw: &str,
    write: impl Fn(&mut String, &str, &str) -> Result<(), Rejection>,
) -> Result<(), Rejection> {
    let mut mended = String::new();
    let members = members(raw, &mut mended)?;
    let kept = members
        .iter()
        .filter(|(name, value)| !mend::is_unreadable_name(name) && !fields::is_private(name, value.get()));
    out.push('{');
    for (index, (name, value)) in kept.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(out, name);
        out.push(':');
        write(out, name, value.get())?;
    }
    out.push('}');
    Ok(())
}

/// Appends what is kept of a text; one that is JSON itself, as metadata often is, is looked through as such.
fn write_text(out: &mut String, text: &str, depth: usize, numbers: Numbers) -> Result<(), Rejection> {
    let inner = text.trim();
    if depth < MAX_DEPTH && inner.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(inner).is_ok() {
        let mut kept = String::with_capacity(inner.len());
        write(&mut kept, inner, depth + 1, numbers)?;
        write_string(out, &kept);
    } else {
        write_string(out, &fields::cleaned(text));
    }
    Ok(())
}

/// Appends a text as a JSON string with the fewest escapes, as an unescaped source text has it.
pub fn write_string(out: &mut String, text: &str) {
    if text.bytes().any(|b| b < 0x20 || matches!(b, b'"' | b'\\')) {
        // A text always has a JSON string.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}
