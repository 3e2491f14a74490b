//! A body as a batch of events: each event is checked separately, and only a body that is not a batch fails as a whole.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::cloudevents::{self, Envelope};
use super::json::{Members, Slot, Text};
use super::lines;
use super::mend;
use super::privacy::{self, Privacy};
use super::rejection::{Code, Rejection};
use crate::config::Limits;
use crate::http::Problem;
use crate::http::parse_time::ParseTime;
use crate::model::{Event, Ignored};

/// How a body carries its events.
#[derive(Debug)]
pub enum Format {
    /// One event as a JSON object.
    Structured,
    /// A JSON array of events.
    Batch,
    /// One event a line.
    Lines,
    /// One event whose attributes came as headers; the body is its data.
    Binary(Box<Attributes>),
    /// What the JSON says: an array is a batch, an object with `specversion` an event.
    Json,
}

/// The attributes of an event in binary mode.
#[derive(Debug, Default)]
pub struct Attributes {
    /// `ce-specversion`.
    pub specversion: Text<'static>,
    /// `ce-id`.
    pub id: Text<'static>,
    /// `ce-source`.
    pub source: Text<'static>,
    /// `ce-type`.
    pub kind: Text<'static>,
    /// `ce-subject`.
    pub subject: Text<'static>,
    /// `ce-time`.
    pub time: Text<'static>,
    /// Other headers that begin with `ce-` and are reported.
    pub ignored: Ignored,
}

/// A batch whose events have been checked.
#[derive(Debug, Default)]
pub struct Judged {
    /// The good events, in order.
    pub events: Vec<Event>,
    /// Where each good event stood in the batch, from 0.
    pub places: Vec<usize>,
    /// The refused ones with their places.
    pub rejected: Vec<(usize, Rejection)>,
    /// Whether the body is one event and no batch.
    pub single: bool,
}

impl Judged {
    pub(super) fn add(&mut self, verdict: Result<Event, Rejection>) {
        let place = self.events.len() + self.rejected.len();
        match verdict {
            Ok(event) => {
                self.places.push(place);
                self.events.push(event);
            }
            Err(rejection) => self.rejected.push((place, rejection)),
        }
    }
}

/// Makes room for a number of events before any of them is checked.
pub type Room<'a> = dyn FnMut(usize) -> Result<(), Problem> + 'a;

/// Checks every event of a body, however much memory that takes.
///
/// # Errors
/// As [`judge_within`].
pub fn judge(
    body: &[u8],
    format: &Format,
    limits: &Limits,
    now: DateTime<Utc>,
    privacy: &Privacy,
) -> Result<Judged, Problem> {
    judge_within(&mut |_| Ok(()), body, format, limits, now, privacy)
}

/// Checks every event of a body, once there is `room` for them.
///
/// # Errors
/// `unparseable` if the body is not a batch at all, `batch_too_large` if it holds too many events, or what `room`
/// says; `parse_timeout` if checking them takes too long.
pub fn judge_within(
    room: &mut Room<'_>,
    body: &[u8],
    format: &Format,
    limits: &Limits,
    now: DateTime<Utc>,
    privacy: &Privacy,
) -> Result<Judged, Problem> {
    let mut judged = Judged::default();
    let time = ParseTime::within(limits.parse_seconds);
    let one = |event: &[u8]| {
        if event.len() > limits.event_bytes {
            return Err(too_large(limits.event_bytes));
        }
        cloudevents::parse(event, now, privacy)
    };
    match format {
        Format::Json if is_array(body) => return judge_within(room, body, &Format::Batch, limits, now, privacy),
        Format::Structured | Format::Json => {
            judged.single = true;
            room(1)?;
            // Before anything is judged: a body that is no JSON object is no event.
            let mut mended = String::new();
            let event: &RawValue = readable(body, &mut mended, |text| {
                serde_json::from_str(text).map_err(unparseable)
            })?;
            check_object(event.get(), format)?;
            judged.add(one(event.get().as_bytes()));
        }
        Format::Batch => {
            let mut mended = String::new();
            let events = readable(body, &mut mended, |text| elements(text, limits.batch_events))?;
            room(events.len())?;
            for event in events {
                time.check()?;
                judged.add(one(event.get().as_bytes()));
            }
        }
        Format::Lines => {
            let most = body.iter().filter(|byte| **byte == b'\n').count() + 1;
            room(most.min(limits.batch_events))?;
            // One line that is no UTF-8 costs no other.
            for (_, line) in lines::of(body) {
                if judged.events.len() + judged.rejected.len() == limits.batch_events {
                    return Err(Problem::batch_too_large(limits.batch_events));
                }
                time.check()?;
                judged.add(lines::judge(line, limits.event_bytes, now, privacy));
            }
        }
        Format::Binary(attributes) => {
            judged.single = true;
            room(1)?;
            judged.add(binary(attributes, body, limits, now, privacy)?);
        }
    }
    Ok(judged)
}

/// Reads a body strictly, and where that fails once more with stand-ins for what cannot be read.
///
/// # Errors
/// What is wrong with the body as it came.
pub(super) fn readable<'a, T>(
    body: &'a [u8],
    mended: &'a mut String,
    read: impl Fn(&'a str) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let text =
        std::str::from_utf8(body).map_err(|error| Problem::unparseable(format!("the body is not UTF-8: {error}")));
    let problem = match text.and_then(&read) {
        Ok(found) => return Ok(found),
        Err(problem) => problem,
    };
    *mended = mend::mended(body);
    read(mended).map_err(|_| problem)
}

/// Whether a JSON text is an array, by its first character.
fn is_array(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii_start().first() == Some(&b'[')
}

/// Refuses a body that is not an event at all.
fn check_object(text: &str, format: &Format) -> Result<(), Problem> {
    if !text.starts_with('{') {
        let detail = "the body is not a JSON object; send an array as application/cloudevents-batch+json";
        return Err(Problem::unparseable(detail));
    }
    let unnamed = || Members::parse(text).is_ok_and(|members| members.get("specversion").is_none());
    if matches!(format, Format::Json) && unnamed() {
        let detail = "the JSON object has no `specversion`, so it is not a CloudEvent; to send only the data of an \
                      event, add ce-specversion, ce-id, ce-source and ce-type headers";
        return Err(Problem::unparseable(detail));
    }
    Ok(())
}

fn binary(
    attributes: &Attributes,
    body: &[u8],
    limits: &Limits,
    now: DateTime<Utc>,
    privacy: &Privacy,
) -> Result<Result<Event, Rejection>, Problem> {
    let mut mended = String::new();
    let data = if body.trim_ascii().is_empty() {
        Slot::Absent
    } else {
        readable(body, &mut mended, |text| {
            serde_json::from_str(text).map_err(unparseable)
        })?
    };
    let envelope = Envelope {
        specversion: attributes.specversion.clone(),
        id: attributes.id.clone(),
        source: attributes.source.clone(),
        kind: attributes.kind.clone(),
        subject: attributes.subject.clone(),
        time: attributes.time.clone(),
        ignored: attributes.ignored.clone(),
        data,
        ..Envelope::default()
    };
    if body.len() > limits.event_bytes {
        return Ok(Err(too_large(limits.event_bytes)));
    }
    Ok(envelope.check(now, privacy))
}

pub(super) fn too_large(limit: usize) -> Rejection {
    Rejection::new(Code::EventTooLarge, format!("an event may have at most {limit} bytes"))
}

fn unparseable(error: serde_json::Error) -> Problem {
    let detail = format!("the body is not what its Content-Type says: {error}");
    Problem::unparseable(privacy::sentence(detail))
}

/// The elements of a JSON array as they stand, at most `limit` of them.
pub(super) fn elements(text: &str, limit: usize) -> Result<Vec<&RawValue>, Problem> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let elements = deserializer.deserialize_seq(Elements { limit }).map_err(unparseable)?;
    let Some(elements) = elements else {
        return Err(Problem::batch_too_large(limit));
    };
    deserializer.end().map_err(unparseable)?;
    Ok(elements)
}

/// Collects elements and stops beyond the limit, so that many tiny ones never become much memory.
struct Elements {
    limit: usize,
}

impl<'de> Visitor<'de> for Elements {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            if elements.len() == self.limit {
                // The rest is passed over without keeping it: leaving it unread would be a syntax error.
                while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                return Ok(None);
            }
            elements.push(element);
        }
        Ok(Some(elements))
    }
}
