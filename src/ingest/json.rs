//! JSON read once and without copying: the members of an object as they stand.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::mend;
use super::rejection::{Code, Rejection};

pub use super::canonical::{write_as_sent, write_canonical, write_members, write_string};

/// How deeply arrays and objects may nest inside the data.
pub const MAX_DEPTH: usize = 16;

/// Stands for the values of a member that appears twice: readers would differ on which one counts.
const TWICE: &str = r#""\ud800 twice""#;

/// The members of an object, sorted by name. Reading one that appears twice is an error.
#[derive(Debug, Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads one object; blank space around it is allowed.
    ///
    /// # Errors
    /// If `text` is not a JSON object.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        match serde_json::from_str(text)? {
            Slot::Object(members) => Ok(members),
            Slot::Absent | Slot::Other => Err(Error::custom("not an object")),
        }
    }

    /// The members, in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), *value))
    }

    /// One member.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        let at = self.0.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok()?;
        self.0.get(at).map(|(_, value)| *value)
    }

    fn collect<A: MapAccess<'a>>(mut map: A) -> Result<Self, A::Error> {
        let mut members: Vec<(Cow<'a, str>, &'a RawValue)> = Vec::with_capacity(10);
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        members.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            let twice = serde_json::from_str::<&'static RawValue>(TWICE).map_err(Error::custom)?;
            members.dedup_by(|later, first| {
                let same = later.0 == first.0;
                first.1 = if same { twice } else { first.1 };
                same
            });
        }
        Ok(Members(members))
    }
}

/// A place where an object is expected.
#[derive(Debug, Default)]
pub enum Slot<'a> {
    /// Nothing, or null.
    #[default]
    Absent,
    /// An object.
    Object(Members<'a>),
    /// Anything else.
    Other,
}

/// A place where a text is expected.
#[derive(Debug, Clone, Default)]
pub enum Text<'a> {
    /// Nothing, or null.
    #[default]
    Absent,
    /// A text; borrowed unless it was escaped.
    Given(Cow<'a, str>),
    /// Anything else.
    Other,
}

/// The name of a member; borrowed unless it was escaped.
pub struct Name<'a>(pub Cow<'a, str>);

/// Makes the visitor of a slot: `$other` stands for every JSON type that the slot does not want.
macro_rules! any_other {
    ($other:expr) => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Default::default())
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($other)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($other)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($other)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($other)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($other)
        }
    };
}

struct SlotVisitor;

impl<'de> Visitor<'de> for SlotVisitor {
    type Value = Slot<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Members::collect(map).map(Slot::Object)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Slot::Other)
    }

    any_other!(Slot::Other);
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text::Given(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text::Given(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::Other)
    }

    any_other!(Text::Other);
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Slot<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SlotVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

/// The text of a raw JSON string, borrowed unless it is escaped; `None` for any other JSON type.
///
/// # Errors
/// `malformed` for a text that cannot be read, for example because an escape is not a character.
pub fn string<'a>(raw: &'a str) -> Result<Option<Cow<'a, str>>, Rejection> {
    let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Ok(None);
    };
    if !inner.contains('\\') {
        return Ok(Some(Cow::Borrowed(inner)));
    }
    match serde_json::from_str::<String>(raw) {
        Ok(text) => Ok(Some(Cow::Owned(text))),
        Err(_) if raw == TWICE => Err(Rejection::new(Code::Malformed, "appears twice")),
        Err(_) => Err(Rejection::new(
            Code::Malformed,
            "cannot be read: it is not valid JSON in UTF-8",
        )),
    }
}

/// The members of an object; a name that cannot be read costs nothing beside it.
///
/// # Errors
/// `malformed` if it is not an object.
pub fn members<'a>(raw: &'a str, mended: &'a mut String) -> Result<Members<'a>, Rejection> {
    if let Ok(members) = Members::parse(raw) {
        return Ok(members);
    }
    *mended = mend::mended(raw.as_bytes());
    Members::parse(mended).map_err(malformed)
}

/// What serde says about a text that cannot be read.
pub fn malformed(error: serde_json::Error) -> Rejection {
    Rejection::new(Code::Malformed, error.to_string())
}
