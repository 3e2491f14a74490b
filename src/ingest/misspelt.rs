//! Names that the contract does not have: how they are reported to the sender, and which field was probably meant.

use super::privacy::{cards, fields};
use crate::model::IgnoredField;

/// Stands for a name that might be anything: somebody's address can be the name of a member, too.
const NOT_SHOWN: &str = "(a name that is not shown)";
/// Stands for the name of an event that might be anything.
pub const UNNAMED: &str = "unnamed";
/// The longest name that is shown.
const LONGEST: usize = 40;
/// The most digits of a name that is shown; phone numbers and people's ids have more.
const DIGITS: usize = 4;
/// Names of at most this many letters must begin alike to resemble each other.
const SHORT: usize = 4;
/// Up to this many letters, names that resemble each other differ by one slip at most.
const LONG: usize = 6;
/// The most edits between names that resemble each other.
const EDITS: usize = 2;

/// Whether a name can be shown and kept: it is written as programs name things.
pub fn is_plain(name: &str) -> bool {
    let within = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '$');
    name.len() <= LONGEST
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$'))
        && name.chars().all(within)
        && cards::digits(name) <= DIGITS
}

/// The name of something that happened, which is the same for many people: a number or an address in it is one's own.
pub fn common(name: &str) -> &str {
    let own = name.contains('@') || cards::digits(name) > DIGITS;
    if own { UNNAMED } else { name.trim() }
}

/// A member below `parent` (`data.` or nothing), and the field that was probably meant.
pub fn ignored(parent: &str, name: &str, meant: Option<String>) -> IgnoredField {
    let name = if is_plain(name) { name } else { NOT_SHOWN };
    IgnoredField {
        field: format!("{parent}{name}"),
        meant,
    }
}

/// The one of some fields that a name resembles: however its words are set apart, with a slip in it, or without `id`.
pub fn nearest(name: &str, fields: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let written = fields::plain(name);
    let own = Outline::of(written.chars());
    // Most names resemble none, and telling so takes no comparison.
    let may_be_near = |field: &&str| {
        let letters = |field: &str| Outline::of(field.chars().filter(|c| c.is_alphanumeric()));
        let is_near = |field: &str| own.is_near(letters(field));
        is_near(field) || field.strip_suffix("id").is_some_and(is_near)
    };
    let near = fields
        .into_iter()
        .filter(may_be_near)
        .filter_map(|field| Some((edits(&written, &fields::plain(field))?, field)));
    near.min_by_key(|(edits, _)| *edits).map(|(_, field)| field)
}

/// How many characters a name has, and which letters.
#[derive(Clone, Copy)]
struct Outline {
    length: usize,
    letters: u32,
}

impl Outline {
    fn of(name: impl Iterator<Item = char>) -> Self {
        let none = Outline { length: 0, letters: 0 };
        name.fold(none, |Outline { length, letters }, c| {
            let letter = if c.is_ascii_alphabetic() {
                1 << (c.to_ascii_lowercase() as u32 - 'a' as u32)
            } else {
                0
            };
            Outline {
                length: length + 1,
                letters: letters | letter,
            }
        })
    }

    /// Whether few edits may make one of the other: each adds or takes one letter, or changes one for another.
    fn is_near(self, other: Outline) -> bool {
        let letters = (self.letters ^ other.letters).count_ones() as usize;
        self.length.abs_diff(other.length) <= EDITS && letters <= 2 * EDITS
    }
}

/// How many slips make one name of another, unless they are too many for its length.
fn edits(written: &str, field: &str) -> Option<usize> {
    let whole = slips(written, field);
    // What ids are of is often named without saying so.
    let stem = field
        .strip_suffix("id")
        .filter(|stem| !stem.is_empty() && (*stem == written || stem.len() > LONG));
    whole.or_else(|| Some(1 + slips(written, stem?)?))
}

fn slips(written: &str, field: &str) -> Option<usize> {
    let alike = || written.chars().next() == field.chars().next();
    let allowed = match written.len().min(field.len()) {
        shorter if shorter < SHORT => 0,
        SHORT => usize::from(alike()),
        shorter if shorter <= LONG => 1,
        _ => EDITS,
    };
    // A letter too many is a slip.
    let differ = written.chars().count().abs_diff(field.chars().count());
    let edits = (differ <= allowed).then(|| strsim::osa_distance(written, field));
    edits.filter(|edits| *edits <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 8] = [
        "bot_id",
        "conversation_id",
        "mode",
        "network",
        "platform",
        "provider",
        "payment_id",
        "user_id",
    ];

    #[test]
    fn a_field_is_found_by_its_other_spellings() {
        for (name, field) in [
            ("conversationId", "conversation_id"),
            ("ConversationID", "conversation_id"),
            ("conversation-id", "conversation_id"),
            ("conversation id", "conversation_id"),
            ("conversation", "conversation_id"),
            ("conversatoin", "conversation_id"),
            ("converstion_id", "conversation_id"),
            ("convertion_id", "conversation_id"),
            ("botId", "bot_id"),
            ("bot", "bot_id"),
            ("bto_id", "bot_id"),
            ("platfrom", "platform"),
            ("Platform", "platform"),
            ("Network", "network"),
            ("netwrk", "network"),
            ("usr_id", "user_id"),
            ("providers", "provider"),
            ("mdoe", "mode"),
        ] {
            assert_eq!(nearest(name, FIELDS), Some(field), "{name}");
        }
    }

    #[test]
    fn a_name_of_its_own_resembles_none() {
        for name in [
            "psid", "code", "node", "order_id", "plan", "chat_id", "id", "", "note", "coupon", "é",
        ] {
            assert_eq!(nearest(name, FIELDS), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_might_be_anything_is_not_shown() {
        for name in ["conversationId", "utm_source", "line1", "$set", "a.b-c:d"] {
            assert_eq!(ignored("data.", name, None).field, format!("data.{name}"));
        }
        let long = "x".repeat(41);
        for name in ["", "jane@example.com", "Jane Doe", "49170123", "u49170", "né", &long] {
            assert_eq!(
                ignored("data.", name, None).field,
                "data.(a name that is not shown)",
                "{name}"
            );
        }
    }
}
