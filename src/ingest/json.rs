//! JSON read once and without copying: the members of an object as they stand, and their canonical text.
//!
//! The canonical text is what tells a duplicate from a conflict. It does not depend on the order of members,
//! on white space or on how a string is escaped. Numbers count as they are written: `1` and `1.0` differ.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::privacy::{cards, fields};
use super::rejection::{Code, Rejection};

/// How deeply arrays and objects may nest inside the data.
pub const MAX_DEPTH: usize = 16;

/// The members of an object, sorted by name, none of them twice.
#[derive(Debug, Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads one object; blank space around it is allowed.
    ///
    /// # Errors
    /// When `text` is no JSON object or names a member twice.
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
        match members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(Error::custom(format_args!("the member `{}` stands twice", pair[0].0))),
            None => Ok(Members(members)),
        }
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
/// `malformed` for an escape that stands for no character.
pub fn string<'a>(raw: &'a str) -> Result<Option<Cow<'a, str>>, Rejection> {
    let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Ok(None);
    };
    if !inner.contains('\\') {
        return Ok(Some(Cow::Borrowed(inner)));
    }
    serde_json::from_str::<String>(raw)
        .map(|text| Some(Cow::Owned(text)))
        .map_err(malformed)
}

/// Appends the canonical text of what is kept of a JSON value: without private members, card numbers and
/// e-mail addresses.
///
/// # Errors
/// `extra_too_large` where it nests too deeply, `malformed` where an object names a member twice.
pub fn write_canonical(out: &mut String, raw: &str, depth: usize) -> Result<(), Rejection> {
    match raw.as_bytes().first() {
        Some(b'"') => match string(raw)? {
            Some(text) => write_text(out, &text, depth)?,
            None => out.push_str(raw),
        },
        Some(b'{' | b'[') if depth >= MAX_DEPTH => {
            let message = format!("arrays and objects may nest {MAX_DEPTH} levels deep");
            return Err(Rejection::new(Code::ExtraTooLarge, message));
        }
        Some(b'{') => {
            out.push('{');
            let members = Members::parse(raw).map_err(malformed)?;
            let kept = members
                .iter()
                .filter(|(name, value)| !fields::is_private(name, value.get()));
            for (index, (name, value)) in kept.enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(out, name);
                out.push(':');
                write_canonical(out, value.get(), depth + 1)?;
            }
            out.push('}');
        }
        Some(b'[') => {
            out.push('[');
            for (index, value) in serde_json::from_str::<Vec<&RawValue>>(raw)
                .map_err(malformed)?
                .iter()
                .enumerate()
            {
                if index > 0 {
                    out.push(',');
                }
                write_canonical(out, value.get(), depth + 1)?;
            }
            out.push(']');
        }
        Some(b'-' | b'0'..=b'9') if cards::in_number(raw) => write_string(out, fields::CARD_REMOVED),
        _ => out.push_str(raw),
    }
    Ok(())
}

/// Appends what is kept of a text; one that is JSON itself, as metadata often is, is looked through as such.
fn write_text(out: &mut String, text: &str, depth: usize) -> Result<(), Rejection> {
    let inner = text.trim();
    if depth < MAX_DEPTH && inner.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(inner).is_ok() {
        let mut kept = String::with_capacity(inner.len());
        write_canonical(&mut kept, inner, depth + 1)?;
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

/// What serde says about a text that cannot be read.
pub fn malformed(error: serde_json::Error) -> Rejection {
    Rejection::new(Code::Malformed, error.to_string())
}
