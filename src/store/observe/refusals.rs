//! What was refused of late: a short list in memory, where the same refusal again raises a count.
//!
//! Nobody needs a key to be refused, so the list is bounded as a whole and for each source: a flood
//! of one kind fills one entry, and of many kinds only the entries of its own source.

use chrono::{DateTime, Utc};

/// Entries altogether.
const MOST: usize = 200;
/// Entries of one source.
const MOST_OF_SOURCE: usize = 20;
/// The longest name at fault that is shown.
const LONGEST: usize = 80;
/// Digits in a row from which on a name might be the number of an account, a card or a phone.
const NUMBER: usize = 9;

/// Under which name requests to sources that are not configured are kept.
pub const UNKNOWN_SOURCE: &str = "/v1/webhooks";

/// A refusal, in words of ours: no value and no id that the sender gave.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// Why, in one stable word.
    pub code: &'a str,
    /// The field, type or address at fault, where there is one.
    pub field: Option<&'a str>,
    /// Why, in a sentence.
    pub message: &'a str,
    /// How many times.
    pub times: u64,
}

/// What was refused of late, once or several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentRefusal {
    /// The source.
    pub source: String,
    /// Why, in one stable word.
    pub code: String,
    /// The field, type or address at fault.
    pub field: Option<String>,
    /// Why, in a sentence.
    pub message: String,
    /// How many times since `first_at`.
    pub count: u64,
    /// The first time, as far as is remembered.
    pub first_at: DateTime<Utc>,
    /// The latest time.
    pub last_at: DateTime<Utc>,
}

/// The list.
#[derive(Debug, Default)]
pub struct Refusals(Vec<RecentRefusal>);

impl Refusals {
    /// Adds to the entry of the same source, code and field, or makes one.
    pub fn note(&mut self, source: &str, at: DateTime<Utc>, refused: &Refused<'_>) {
        let field = refused.field.map(presentable);
        let same = |entry: &&mut RecentRefusal| {
            entry.source == source && entry.code == refused.code && entry.field.as_deref() == field
        };
        if let Some(entry) = self.0.iter_mut().find(same) {
            entry.count = entry.count.saturating_add(refused.times);
            entry.last_at = entry.last_at.max(at);
            refused.message.clone_into(&mut entry.message);
            return;
        }
        self.make_room(source);
        self.0.push(RecentRefusal {
            source: source.to_owned(),
            code: refused.code.to_owned(),
            field: field.map(str::to_owned),
            message: refused.message.to_owned(),
            count: refused.times,
            first_at: at,
            last_at: at,
        });
    }

    /// Forgets the entry that was quiet for longest: of the source itself where it has its fill, else of
    /// the source with the most.
    fn make_room(&mut self, source: &str) {
        let entries = |source: &str| self.0.iter().filter(|entry| entry.source == source).count();
        let of = if entries(source) >= MOST_OF_SOURCE {
            source.to_owned()
        } else if self.0.len() >= MOST {
            let largest = self.0.iter().max_by_key(|entry| entries(&entry.source));
            largest.map_or_else(String::new, |entry| entry.source.clone())
        } else {
            return;
        };
        let own = self.0.iter().enumerate().filter(|(_, entry)| entry.source == of);
        if let Some((at, _)) = own.min_by_key(|(_, entry)| entry.last_at) {
            self.0.remove(at);
        }
    }

    /// Every entry, the latest first.
    pub fn latest_first(&self) -> Vec<RecentRefusal> {
        let mut entries = self.0.clone();
        entries.sort_by(|one, two| {
            let key = |entry: &RecentRefusal| (entry.source.clone(), entry.code.clone(), entry.field.clone());
            two.last_at.cmp(&one.last_at).then_with(|| key(one).cmp(&key(two)))
        });
        entries
    }
}

/// A name as it stands, unless it is none: anybody can ask for an address or send a member of any name.
fn presentable(name: &str) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./[]".contains(c);
    let longest = name.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    if name.len() <= LONGEST && name.chars().all(plain) && longest < Some(NUMBER) {
        name
    } else {
        "(a name that is not shown)"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_500_000_000 + second, 0).unwrap()
    }

    fn refused<'a>(code: &'a str, field: Option<&'a str>) -> Refused<'a> {
        Refused {
            code,
            field,
            message: "a sentence",
            times: 1,
        }
    }

    #[test]
    fn the_same_again_raises_a_count() {
        let mut list = Refusals::default();
        for second in 0..1_000 {
            list.note("a", at(second), &refused("forged", None));
        }
        list.note("a", at(1), &refused("forged", Some("header")));
        let entries = list.latest_first();
        assert_eq!(entries.len(), 2);
        assert_eq!(
            (entries[0].count, entries[0].first_at, entries[0].last_at),
            (1_000, at(0), at(999))
        );
    }

    #[test]
    fn a_flood_of_many_kinds_pushes_out_only_its_own() {
        let mut list = Refusals::default();
        list.note("quiet", at(0), &refused("no_amount", Some("charge.refunded")));
        for second in 1..500 {
            let name = format!("stripe/name{second}");
            list.note(UNKNOWN_SOURCE, at(second), &refused("unknown_source", Some(&name)));
        }
        let entries = list.latest_first();
        assert_eq!(entries.len(), 1 + MOST_OF_SOURCE);
        assert_eq!(
            entries[0].field.as_deref(),
            Some("stripe/name499"),
            "the latest is kept"
        );
        assert_eq!(entries[MOST_OF_SOURCE].source, "quiet");
    }

    #[test]
    fn the_list_is_bounded_over_all_sources() {
        let mut list = Refusals::default();
        list.note("small", at(0), &refused("forged", None));
        for source in 0..30 {
            for code in 0..MOST_OF_SOURCE {
                let (source, code) = (format!("s{source}"), format!("c{code}"));
                list.note(&source, at(1), &refused(&code, None));
            }
        }
        let entries = list.latest_first();
        assert_eq!(entries.len(), MOST);
        assert!(
            entries.iter().any(|entry| entry.source == "small"),
            "the fullest gives way"
        );
    }

    #[test]
    fn a_name_that_might_be_anything_is_not_shown() {
        for name in [
            "data.amount.value",
            "payment_intent.succeeded",
            "stripe/main",
            "data[3]",
        ] {
            assert_eq!(presentable(name), name);
        }
        for name in ["4111111111111111", "jane@example.com", "Jane Doe", &"x".repeat(81)] {
            assert_ne!(presentable(name), name);
        }
    }
}
