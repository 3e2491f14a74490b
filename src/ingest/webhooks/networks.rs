//! One spelling for card networks and other words that providers spell in many ways.

use super::super::methods;

/// The longest word that is kept; longer ones are not names.
const LONGEST: usize = 40;

/// The network behind a provider's word for a card brand, old display names included.
pub(super) fn canonical(word: &str) -> String {
    let letters: String = word
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let known = match letters.as_str() {
        "visa" | "electron" | "visaelectron" | "delta" => "visa",
        "mastercard" => "mastercard",
        "amex" | "americanexpress" => "amex",
        "discover" => "discover",
        "diners" | "dinersclub" | "carteblanche" => "diners",
        "jcb" => "jcb",
        "unionpay" | "chinaunionpay" => "unionpay",
        "maestro" | "ukmaestro" => "maestro",
        "cartesbancaires" | "cbnationale" => "cartes_bancaires",
        "eftposau" | "eftposaustralia" => "eftpos_au",
        "hiper" | "hipercard" => "hipercard",
        _ => return slug(word),
    };
    known.into()
}

/// The name of a way to pay behind a provider's word for it.
pub(super) fn method(word: &str) -> String {
    methods::named(word).map_or_else(|| slug(word), str::to_owned)
}

/// A word of a provider's vocabulary as lower-case letters, digits and underscores.
pub(super) fn slug(word: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    let slug: String = word.trim().chars().take(LONGEST).map(plain).collect();
    if slug.trim_matches('_').is_empty() {
        "unknown".into()
    } else {
        slug
    }
}
