//! CloudEvents 1.0: one structured event, or headers and a body, as a checked canonical event.
//!
//! Extension attributes are accepted and not kept; they are not part of an event's content. An attribute that resembles
//! one of an event or a field of its data is reported as ignored, and so is one whose name no extension may have.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::json::{self, Members, Name, Slot, Text};
use super::privacy::{Kind, Privacy, fields};
use super::rejection::{Code, Rejection};
use super::{botframework, data, mend, misspelt, values};
use crate::http::base64;
use crate::model::{Event, EventType, Ignored, IgnoredField, InstantError, TimeOrigin, parse_instant};

/// The attributes that are read.
pub const ATTRIBUTES: [&str; 9] = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "datacontenttype",
    "data",
    "data_base64",
];

/// An attribute of the specification that says nothing here.
const SCHEMA: &str = "dataschema";

/// How far ahead of the clock an event may say that it happened.
const FUTURE_HOURS: i64 = 24;

/// The attributes of an event before they are checked.
#[derive(Debug, Default)]
pub struct Envelope<'a> {
    /// Must be `1.0`.
    pub specversion: Text<'a>,
    /// Unique within the source.
    pub id: Text<'a>,
    /// Who says it.
    pub source: Text<'a>,
    /// What happened.
    pub kind: Text<'a>,
    /// About what, in the sender's words.
    pub subject: Text<'a>,
    /// When it happened.
    pub time: Text<'a>,
    /// Must be JSON where it is given.
    pub datacontenttype: Text<'a>,
    /// The data.
    pub data: Slot<'a>,
    /// The data, encoded.
    pub data_base64: Text<'a>,
    /// Attributes that are neither read nor extensions.
    pub ignored: Ignored,
}

/// Reads one structured event. `now` stands in for a missing time and bounds a given one.
///
/// # Errors
/// A rejection with the first fault, and the event's id where that could be read.
pub fn parse(json: &[u8], now: DateTime<Utc>, privacy: &Privacy) -> Result<Event, Rejection> {
    let fault = match serde_json::from_slice::<Envelope>(json) {
        Ok(envelope) => return envelope.check(now, privacy),
        Err(fault) => fault,
    };
    let mended = mend::mended(json);
    match serde_json::from_str::<Envelope>(&mended) {
        Ok(envelope) => envelope.check(now, privacy),
        Err(_) => Err(json::malformed(fault)),
    }
}

impl Envelope<'_> {
    /// Checks everything and makes the event.
    ///
    /// # Errors
    /// A rejection with the first fault, and the event's id where that could be read.
    pub fn check(&self, now: DateTime<Utc>, privacy: &Privacy) -> Result<Event, Rejection> {
        self.event(now, privacy)
            .map_err(|rejection| match id(&self.id, "id", privacy) {
                Ok(id) => rejection.of(&id),
                Err(_) => rejection,
            })
    }

    fn event(&self, now: DateTime<Utc>, privacy: &Privacy) -> Result<Event, Rejection> {
        if needed(&self.specversion, "specversion")? != "1.0" {
            return Err(Rejection::new(Code::UnsupportedSpecversion, "must be \"1.0\"").at("specversion"));
        }
        let id = id(&self.id, "id", privacy)?;
        let source = self::id(&self.source, "source", privacy)?;
        let kind = match EventType::parse(needed(&self.kind, "type")?) {
            // What happened stands in the activity.
            None if self.is_activity() => EventType::Other,
            // `other` is what webhooks leave behind; a sender who says it has nothing to count.
            None | Some(EventType::Other) => {
                return Err(unknown_type());
            }
            Some(kind) => kind,
        };
        let subject = match optional(&self.subject, "subject")? {
            Some(_) => Some(fields::cleaned(name(&self.subject, "subject")?).into_owned()),
            None => None,
        };
        let (time, time_origin) = self.moment(now)?;
        let mut event = Event::new(source, id, kind, time);
        event.time_origin = time_origin;
        event.subject = subject;
        event.ignored = self.ignored.clone();
        self.fill(&mut event, now, privacy)?;
        Ok(event)
    }

    fn moment(&self, now: DateTime<Utc>) -> Result<(DateTime<Utc>, TimeOrigin), Rejection> {
        match optional(&self.time, "time")? {
            None => Ok((micros(now), TimeOrigin::Missing)),
            Some(text) => Ok((stated(text, now).map_err(|fault| fault.at("time"))?, TimeOrigin::Given)),
        }
    }

    fn is_activity(&self) -> bool {
        matches!(&self.kind, Text::Given(kind) if kind == botframework::TYPE)
    }

    fn apply(
        &self,
        event: &mut Event,
        members: &Members<'_>,
        now: DateTime<Utc>,
        privacy: &Privacy,
    ) -> Result<(), Rejection> {
        if !self.is_activity() {
            return data::apply(event, members, privacy);
        }
        if let (TimeOrigin::Missing, Some(text)) = (event.time_origin, botframework::timestamp(members)?) {
            event.time = stated(&text, now).map_err(|fault| fault.at("data.timestamp"))?;
            event.time_origin = TimeOrigin::Given;
        }
        botframework::apply(event, members, privacy)
    }

    fn fill(&self, event: &mut Event, now: DateTime<Utc>, privacy: &Privacy) -> Result<(), Rejection> {
        let media = optional(&self.datacontenttype, "datacontenttype")?;
        if media.is_some_and(|media| !is_json(media)) {
            return Err(Rejection::new(Code::UnsupportedData, "the data must be JSON").at("datacontenttype"));
        }
        match (&self.data, optional(&self.data_base64, "data_base64")?) {
            (Slot::Absent, Some(encoded)) => {
                let invalid =
                    || Rejection::new(Code::InvalidBase64, "must be the Base64 of a JSON text").at("data_base64");
                let bytes = base64::decode(encoded).ok_or_else(invalid)?;
                let mended;
                let slot: Slot = match serde_json::from_slice(&bytes) {
                    Ok(slot) => slot,
                    Err(_) => {
                        mended = mend::mended(&bytes);
                        serde_json::from_str(&mended).map_err(|_| invalid())?
                    }
                };
                members(&slot, "data_base64").and_then(|members| self.apply(event, members, now, privacy))
            }
            (_, Some(_)) => {
                let message = "the data must not be given twice, as `data` and as `data_base64`";
                Err(Rejection::new(Code::UnsupportedData, message).at("data_base64"))
            }
            (slot, None) => members(slot, "data").and_then(|members| self.apply(event, members, now, privacy)),
        }
    }
}

/// Reports an attribute that is not read, unless it is an extension that resembles nothing that is.
pub fn beside(name: &str) -> Option<IgnoredField> {
    let of_data = || misspelt::nearest(name, data::all_names()).map(|field| format!("data.{field}"));
    let meant = misspelt::nearest(name, ATTRIBUTES).map(str::to_owned).or_else(of_data);
    let is_extension = || name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let told = name != SCHEMA && (meant.is_some() || !is_extension());
    told.then(|| misspelt::ignored("", name, meant))
}

fn members<'a, 'b>(slot: &'b Slot<'a>, field: &'static str) -> Result<&'b Members<'a>, Rejection> {
    match slot {
        Slot::Object(members) => Ok(members),
        Slot::Absent => Err(Rejection::new(Code::MissingField, "an event needs data").at(field)),
        Slot::Other => Err(Rejection::new(Code::DataNotObject, "must be a JSON object").at(field)),
    }
}

fn optional<'a>(text: &'a Text<'_>, field: &'static str) -> Result<Option<&'a str>, Rejection> {
    match text {
        Text::Absent => Ok(None),
        Text::Given(text) => Ok(Some(text)),
        Text::Other => Err(Rejection::new(Code::WrongType, "must be a string").at(field)),
    }
}

fn needed<'a>(text: &'a Text<'_>, field: &'static str) -> Result<&'a str, Rejection> {
    optional(text, field)?
        .ok_or_else(|| Rejection::new(Code::MissingField, format!("an event needs `{field}`")).at(field))
}

fn name<'a>(text: &'a Text<'_>, field: &'static str) -> Result<&'a str, Rejection> {
    let name = needed(text, field)?;
    values::check_text(name).map_err(|rejection| rejection.at(field))?;
    Ok(name)
}

/// What is kept of a checked id.
fn id<'a>(text: &'a Text<'_>, field: &'static str, privacy: &Privacy) -> Result<Cow<'a, str>, Rejection> {
    let kept = privacy.keeper(None).kept(Kind::Id, name(text, field)?);
    kept.map_err(|card| Rejection::from(card).at(field))
}

/// The rejection of an unknown type, which lists the known ones.
fn unknown_type() -> Rejection {
    let types = EventType::ALL.iter().filter(|kind| **kind != EventType::Other);
    let words: Vec<&str> = types.map(|kind| kind.as_str()).chain([botframework::TYPE]).collect();
    Rejection::new(Code::UnknownType, format!("must be one of: {}", words.join(", "))).at("type")
}

/// Reads a time that a sender states.
fn stated(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Rejection> {
    match parse_instant(text) {
        Ok(time) if time <= now + TimeDelta::hours(FUTURE_HOURS) => Ok(time),
        Ok(_) | Err(InstantError::TooLate) => {
            let message = format!("is more than {FUTURE_HOURS} hours ahead of the server's clock");
            Err(Rejection::new(Code::TimeInFuture, message))
        }
        Err(error) => Err(Rejection::new(Code::InvalidTime, error.to_string())),
    }
}

/// Cuts to the microseconds that the store keeps.
pub(super) fn micros(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

/// True for media types whose content is JSON.
pub fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(essence.as_str(), "application/json" | "text/json") || essence.ends_with("+json")
}

/// Decodes `%XX` once, as the HTTP binding asks of every `ce-` header; `None` if the result is not UTF-8.
///
/// A quoted header value is unquoted first. A percent sign that begins no escape is kept.
pub fn decode_header(value: &[u8]) -> Option<String> {
    let unquoted = match value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) {
        Some(inner) => unescape(inner),
        None => Cow::Borrowed(value),
    };
    let hex = |at: usize| unquoted.get(at).and_then(|&byte| char::from(byte).to_digit(16));
    let mut out = Vec::with_capacity(unquoted.len());
    let mut at = 0;
    while let Some(&byte) = unquoted.get(at) {
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

/// Removes the backslashes of a quoted string.
fn unescape(inner: &[u8]) -> Cow<'_, [u8]> {
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        let byte = if byte == b'\\' {
            bytes.next().copied().unwrap_or(byte)
        } else {
            byte
        };
        out.push(byte);
    }
    Cow::Owned(out)
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event as a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope::default();
        let mut seen = 0u32;
        while let Some(Name(name)) = map.next_key()? {
            let (bit, text) = match name.as_ref() {
                "specversion" => (0, &mut envelope.specversion),
                "id" => (1, &mut envelope.id),
                "source" => (2, &mut envelope.source),
                "type" => (3, &mut envelope.kind),
                "subject" => (4, &mut envelope.subject),
                "time" => (5, &mut envelope.time),
                "datacontenttype" => (6, &mut envelope.datacontenttype),
                "data_base64" => (7, &mut envelope.data_base64),
                "data" => {
                    envelope.data = map.next_value()?;
                    once(&mut seen, 8, &name)?;
                    continue;
                }
                unreadable if mend::is_unreadable_name(unreadable) => {
                    return Err(A::Error::custom("the name of a member cannot be read"));
                }
                other => {
                    if let Some(field) = beside(other) {
                        envelope.ignored.add(field);
                    }
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *text = map.next_value()?;
            once(&mut seen, bit, &name)?;
        }
        Ok(envelope)
    }
}

/// Refuses an attribute that appears twice: readers would differ on which one counts.
fn once<E: Error>(seen: &mut u32, bit: u32, name: &str) -> Result<(), E> {
    let before = *seen;
    *seen |= 1 << bit;
    if *seen == before {
        Err(E::custom(format_args!("the member `{name}` appears twice")))
    } else {
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}
