//! What is wrong with a configuration file, and where, without quoting its text, which may be a secret.

use std::fmt;

/// Names of settings that messages may show. Other names may be secrets in the wrong place.
pub const KEYS: [&str; 55] = [
    "answer_bytes",
    "answer_rows",
    "answer_seconds",
    "batch_events",
    "body_bytes",
    "body_seconds",
    "bot_id",
    "bots",
    "ca_file",
    "certificate_dir",
    "connections",
    "cors",
    "currencies",
    "currency",
    "data_dir",
    "decimals",
    "entity_rows",
    "event_bytes",
    "flight_bytes",
    "fold_seconds",
    "frame_rows",
    "free_mib",
    "inflated_bytes",
    "key_pairs",
    "keys",
    "limits",
    "links",
    "listen",
    "max_age_seconds",
    "memory_mib",
    "mode",
    "name",
    "origins",
    "parse_seconds",
    "payment_provider",
    "platform",
    "privacy",
    "private_key",
    "provider",
    "public_key",
    "query_seconds",
    "queue_bytes",
    "queue_events",
    "require_key",
    "secrets",
    "sha256",
    "shutdown_seconds",
    "sources",
    "threads",
    "tolerance_seconds",
    "user_ids",
    "user_name",
    "verify_token",
    "webhook_bytes",
    "webhook_ids",
];

/// Longest name of an unknown setting that is shown.
const LONGEST_NAME: usize = 32;

/// A fault in a text of settings. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    line: usize,
    column: usize,
    key: Option<&'static str>,
    message: String,
}

impl Fault {
    /// Where in `text` an error is, and what it says without the values that it quotes.
    pub fn of(text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or_default();
        let before = text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let named = text.get(span).and_then(|text| known(text.trim()));
        Fault {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            key: named.or_else(|| last_key(before)),
            message: told(error.message()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if let Some(key) = self.key {
            write!(f, ", at or after `{key}`")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A parser's message without what it quotes: values, and names that may not be names.
pub fn told(message: &str) -> String {
    let message = message.lines().next().unwrap_or_default();
    // The last one: a quoted value may hold the same words.
    let (what, expected) = match message.rsplit_once(", expected ") {
        Some((what, expected)) => (what, Some(expected)),
        None => (message, None),
    };
    let after = |beginning: &str| what.strip_prefix(beginning);
    let name = |text: &str| text.trim_matches('`').to_owned();
    let what = if let Some(found) = after("invalid type: ") {
        format!("{} is not a valid value here", kind(found))
    } else if let Some(field) = after("unknown field ").map(name).filter(|name| is_plain(name)) {
        format!("unknown field `{field}`")
    } else if let Some(field) = after("missing field ").map(name).filter(|name| is_plain(name)) {
        format!("missing field `{field}`")
    } else if what.starts_with("unknown field") {
        "unknown field".to_owned()
    } else if what.starts_with("unknown variant") {
        "an unknown word".to_owned()
    } else if what
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || b" -,".contains(&byte))
    {
        what.to_owned()
    } else {
        "this is not a valid value here".to_owned()
    };
    expected.map_or(what.clone(), |expected| format!("{what}, expected {expected}"))
}

/// The kind of a value that a parser describes.
fn kind(found: &str) -> &'static str {
    let word = found.split([' ', '`', '"']).next().unwrap_or_default();
    match word {
        "string" | "character" => "a text",
        "integer" | "floating" => "a number",
        "boolean" => "true or false",
        "sequence" => "an array",
        "map" => "a table or a date",
        _ => "this",
    }
}

/// Whether a name looks like one of a setting and not like a secret.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-');
    known(name).is_some() || name.len() <= LONGEST_NAME && name.bytes().all(plain)
}

fn known(name: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|key| *key == name)
}

/// The last known name before an equals sign.
fn last_key(text: &str) -> Option<&'static str> {
    let mut places = text.rmatch_indices('=');
    places.find_map(|(at, _)| {
        let before = text[..at].trim_end();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        known(&before[before.trim_end_matches(is_part).len()..])
    })
}
