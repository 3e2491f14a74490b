//! Secrets of the examples in the documentation: everybody knows them, so no server starts with them.

use toml::Value;

use super::Config;

/// The texts that stand for secrets in `configuration.md`.
const EXAMPLES: &[&str] = &[
    "the app secret",
    "a token of your choice",
    "whsec_…",
    "the public key",
    "the private key",
    "the secret_token of setWebhook",
];

/// The first setting that is still an example, and what to put there.
pub fn find(config: &Config) -> Option<(String, String)> {
    for (index, key) in config.keys.iter().enumerate() {
        let first = key.sha256.bytes().next();
        if key.sha256.bytes().all(|digit| Some(digit) == first) {
            let message = "is an example from the documentation; make a key with `botledger key NAME`";
            return Some((format!("keys[{index}].sha256"), message.to_owned()));
        }
    }
    for (index, source) in config.sources.iter().enumerate() {
        let settings = source.settings.iter();
        let mut found = settings.filter_map(|(name, value)| within(format!("sources[{index}].{name}"), value));
        if let Some(key) = found.next() {
            return Some((
                key,
                "is an example from the documentation, or is left to be completed; put your own there".to_owned(),
            ));
        }
    }
    None
}

/// The place of the first example in a setting. Its text is not shown: what ends in dots may be a secret.
fn within(place: String, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => is_example(text).then_some(place),
        Value::Array(values) => {
            let mut values = values.iter().enumerate();
            values.find_map(|(index, value)| within(format!("{place}[{index}]"), value))
        }
        Value::Table(table) => table
            .iter()
            .find_map(|(name, value)| within(format!("{place}.{name}"), value)),
        _ => None,
    }
}

/// An example of the documentation, however its letters are written, or a text that was left to be completed.
fn is_example(text: &str) -> bool {
    let text = text.trim();
    let left_open = text.ends_with('…') || text.ends_with("...") || (text.starts_with('<') && text.ends_with('>'));
    left_open || EXAMPLES.iter().any(|example| text.eq_ignore_ascii_case(example))
}
