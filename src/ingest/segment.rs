//! Segment's tracking API: the messages of its client libraries as events of the contract.
//!
//! A call becomes an event of the contract and is checked like one. Properties that the contract does not have are not
//! read and are reported as ignored. Of the call around them, which every library fills in its own way, only names
//! that resemble a field are reported. A call without a type in the contract is stored as `other`, with its name only.

mod beside;

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::batch::{Judged, Room, elements, readable, too_large};
use super::cloudevents::{Envelope, micros};
use super::json::{self, Members, Slot, Text};
use super::privacy::Privacy;
use super::rejection::{Code, Rejection};
use super::{data, mend, misspelt, number, privacy, values, verdict};
use crate::config::Limits;
use crate::http::Problem;
use crate::http::parse_time::ParseTime;
use crate::model::event::content_key;
use crate::model::{Event, EventType, TimeOrigin, parse_instant};

/// The addresses: a batch, by the names that the libraries have for it, and each call on its own.
pub const ADDRESSES: [&str; 9] = [
    "/v1/batch",
    "/v1/b",
    "/v1/import",
    "/v1/track",
    "/v1/identify",
    "/v1/page",
    "/v1/screen",
    "/v1/group",
    "/v1/alias",
];

/// Batches: of Node, Python, Go and PHP; of Kotlin and Swift; of Ruby, .NET and Java.
const BATCHES: [&str; 3] = ["batch", "b", "import"];

/// The address under which what comes in by any of them is counted.
pub const ADDRESS: &str = "/v1/batch";

/// The `source` of these events. A message's id is unique everywhere, as its library makes it.
pub const SOURCE: &str = "/segment";

/// The longest name of an uncounted event that is kept.
const LONGEST_NAME: usize = 100;

/// Properties of Segment's own specifications that stand for a field of the contract.
const ALIASES: [(&str, &str); 3] = [
    ("item_id", "product_id"),
    ("item_id", "sku"),
    ("payment_id", "order_id"),
];

/// Fields that a library may state once, in the context of all its messages.
const OF_CONTEXT: [&str; 4] = ["bot_id", "platform", "conversation_id", "mode"];

/// Properties that hold what is paid, the most complete first.
const SUMS: [&str; 3] = ["total", "revenue", "value"];

/// The body of a batch; the write key in it is not looked at.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    batch: &'a RawValue,
}

/// One call of a library.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    #[serde(borrow, default, rename = "type")]
    call: Text<'a>,
    #[serde(borrow, default)]
    event: Text<'a>,
    #[serde(borrow, default)]
    message_id: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    anonymous_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    properties: Slot<'a>,
    #[serde(borrow, default)]
    context: Slot<'a>,
}

/// Checks every message of a body that was posted to one of the [`ADDRESSES`], however much memory that takes.
///
/// # Errors
/// As [`judge_within`].
pub fn judge(
    body: &[u8],
    address: &str,
    limits: &Limits,
    now: DateTime<Utc>,
    privacy: &Privacy,
) -> Result<Judged, Problem> {
    judge_within(&mut |_| Ok(()), body, address, limits, now, privacy)
}

/// Checks every message of a body that was posted to one of the [`ADDRESSES`], once there is `room` for them.
///
/// # Errors
/// `unparseable` if the body is not a batch at all, `batch_too_large` if it holds too many messages, or what `room`
/// says; `parse_timeout` if checking them takes too long.
pub fn judge_within(
    room: &mut Room<'_>,
    body: &[u8],
    address: &str,
    limits: &Limits,
    now: DateTime<Utc>,
    privacy: &Privacy,
) -> Result<Judged, Problem> {
    let unparseable = |error: serde_json::Error| {
        Problem::unparseable(privacy::sentence(format!("the body is not a valid call: {error}")))
    };
    let time = ParseTime::within(limits.parse_seconds);
    let call = address.rsplit('/').next().unwrap_or_default();
    let mut mended = String::new();
    let messages = readable(body, &mut mended, |text| {
        if !BATCHES.contains(&call) {
            return Ok(vec![serde_json::from_str(text).map_err(unparseable)?]);
        }
        let body: Body<'_> = serde_json::from_str(text).map_err(unparseable)?;
        elements(body.batch.get(), limits.batch_events)
    })?;
    room(messages.len())?;
    let mut judged = Judged {
        single: !BATCHES.contains(&call),
        ..Judged::default()
    };
    for message in messages {
        if !judged.single {
            time.check()?;
        }
        judged.add(if message.get().len() > limits.event_bytes {
            Err(too_large(limits.event_bytes))
        } else {
            read(message.get(), call, now, privacy)
        });
    }
    Ok(judged)
}

fn read(text: &str, call: &str, now: DateTime<Utc>, privacy: &Privacy) -> Result<Event, Rejection> {
    let mended;
    let message: Message<'_> = match serde_json::from_str(text) {
        Ok(message) => message,
        Err(_) => {
            mended = mend::mended(text.as_bytes());
            serde_json::from_str(&mended).map_err(json::malformed)?
        }
    };
    let call = match &message.call {
        Text::Given(stated) => stated,
        _ => call,
    };
    let name = match &message.event {
        Text::Given(name) if call == "track" => name,
        _ if call == "track" => {
            let missing = Rejection::new(Code::MissingField, "a track call needs the name of the event").at("event");
            return Err(message.of(missing));
        }
        _ => call,
    };
    match kind_of(name).filter(|_| call == "track") {
        Some((kind, direction)) => message.counted(kind, direction, now, privacy).map(|mut event| {
            event.ignored = beside::ignored(&message, text, kind, event.ignored);
            event
        }),
        None => message.uncounted(name, now, privacy).map(|mut event| {
            if call == "track" {
                event.ignored = beside::name(name);
            }
            event
        }),
    }
}

/// The contract's type of an event's name, and for a message which way the name says it went.
///
/// Names are those of the contract, written as they are or as Segment writes names (`Conversation Started`), and of
/// Segment's specifications those that mean the same.
fn kind_of(name: &str) -> Option<(EventType, Option<&'static str>)> {
    let name = name.trim().to_ascii_lowercase();
    let dotted = name.replacen(' ', ".", 1).replace(' ', "_");
    let of_contract = |word: &str| EventType::parse(word).filter(|kind| *kind != EventType::Other);
    if let Some(kind) = of_contract(&name).or_else(|| of_contract(&dotted)) {
        return Some((kind, None));
    }
    Some(match name.as_str() {
        "message received" => (EventType::ConversationMessage, Some("\"in\"")),
        "message sent" => (EventType::ConversationMessage, Some("\"out\"")),
        "live chat conversation started" => (EventType::ConversationStarted, None),
        "live chat conversation ended" => (EventType::ConversationEnded, None),
        "product list viewed" => (EventType::CatalogViewed, None),
        "product added" | "product removed" => (EventType::CartUpdated, None),
        "order completed" => (EventType::TransactionCaptured, None),
        "order refunded" => (EventType::TransactionRefunded, None),
        _ => return None,
    })
}

impl<'a> Message<'a> {
    /// An event of the contract, with all of its checks.
    fn counted(
        &self,
        kind: EventType,
        direction: Option<&'a str>,
        now: DateTime<Utc>,
        privacy: &Privacy,
    ) -> Result<Event, Rejection> {
        let draft = self.draft(kind, direction);
        let read = Members::parse(&draft.json)
            .map_err(json::malformed)
            .and_then(|members| {
                let envelope = Envelope {
                    specversion: Text::Given("1.0".into()),
                    id: self.message_id.clone(),
                    source: Text::Given(SOURCE.into()),
                    kind: Text::Given(kind.as_str().into()),
                    time: self.timestamp.clone(),
                    data: Slot::Object(members),
                    ..Envelope::default()
                };
                envelope.check(now, privacy)
            });
        read.map_err(|rejection| draft.as_sent(rejection))
    }

    /// Something that the contract has no type for: its name, when, and nothing else.
    fn uncounted(&self, name: &str, now: DateTime<Utc>, privacy: &Privacy) -> Result<Event, Rejection> {
        let Text::Given(id) = &self.message_id else {
            return Err(Rejection::new(Code::MissingField, "a call needs a `messageId`").at("messageId"));
        };
        values::check_text(id).map_err(|rejection| rejection.at("messageId"))?;
        let stated = match &self.timestamp {
            Text::Given(stated) => parse_instant(stated).ok(),
            _ => None,
        };
        let possible = stated.filter(|time| *time <= now + TimeDelta::hours(24));
        let mut event = Event::new(SOURCE, id.as_ref(), EventType::Other, micros(possible.unwrap_or(now)));
        event.time_origin = match (possible, &self.timestamp) {
            (Some(_), _) => TimeOrigin::Given,
            (None, Text::Absent) => TimeOrigin::Missing,
            (None, _) => TimeOrigin::Impossible,
        };
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        };
        let name: String = misspelt::common(name).chars().take(LONGEST_NAME).map(plain).collect();
        event.notice = Some(name);
        let (mut event, _) = privacy.protect(event);
        event.content = content_key(event.kind.as_str(), None, &verdict::text(&event).unwrap_or_default());
        Ok(event)
    }

    /// The data of an event: the fields of its type, each from the first place that has it.
    fn draft(&self, kind: EventType, direction: Option<&'a str>) -> Draft {
        let mut draft = Draft::default();
        for field in data::names(kind) {
            let of_contract = property(&self.properties, field).map(Cow::Borrowed);
            if let Some(value) = of_contract {
                draft.add(field, &value, format!("properties.{field}"));
            } else if field == "amount" {
                self.draft_amount(&mut draft);
            } else if let Some((value, place)) = self.elsewhere(field) {
                draft.add(field, &value, place);
            } else if let Some(direction) = direction.filter(|_| field == "direction") {
                draft.add(field, direction, "event".into());
            }
        }
        draft.json.push_str(if draft.json.is_empty() { "{}" } else { "}" });
        draft
    }

    /// A field under another name than the contract's.
    fn elsewhere(&self, field: &str) -> Option<(Cow<'a, str>, String)> {
        if field == "user_id" {
            let given = |value: Option<&'a RawValue>| value.map(RawValue::get).filter(|raw| *raw != "\"\"");
            let person = given(self.user_id).map(|raw| (raw, "userId"));
            let person = person.or_else(|| Some((given(self.anonymous_id)?, "anonymousId")));
            return person.map(|(raw, place)| (quoted(raw), place.into()));
        }
        let mut names = ALIASES.iter().filter(|(known, _)| *known == field);
        let alias = names.find_map(|(_, name)| Some((property(&self.properties, name)?, name)));
        if let Some((raw, name)) = alias {
            return Some((quoted(raw), format!("properties.{name}")));
        }
        let raw = property(&self.context, field).filter(|_| OF_CONTEXT.contains(&field))?;
        Some((Cow::Borrowed(raw), format!("context.{field}")))
    }

    /// The sum that a library states as a number beside its currency.
    ///
    /// A number is taken by its digits as they are written and never becomes a float: `29.62` is exact, and what has
    /// more decimals than its currency is refused like every other amount.
    fn draft_amount(&self, draft: &mut Draft) {
        let mut sums = SUMS.iter();
        let sum = sums.find_map(|name| Some((property(&self.properties, name)?, name)));
        let Some((raw, name)) = sum else { return };
        let mut amount = format!("{{\"value\":{}", quoted(raw));
        if let Some(currency) = property(&self.properties, "currency") {
            amount.push_str(",\"currency\":");
            match json::string(currency) {
                Ok(Some(code)) => json::write_string(&mut amount, &code.to_ascii_uppercase()),
                _ => amount.push_str(currency),
            }
        }
        amount.push('}');
        draft.add("amount", &amount, format!("properties.{name}"));
    }

    /// Names the message in a rejection.
    fn of(&self, rejection: Rejection) -> Rejection {
        match &self.message_id {
            Text::Given(id) if values::check_text(id).is_ok() => rejection.of(id),
            _ => rejection,
        }
    }
}

/// A member of an object as it stands, unless it is null.
fn property<'a>(slot: &Slot<'a>, name: &str) -> Option<&'a str> {
    let Slot::Object(members) = slot else { return None };
    Some(members.get(name)?.get()).filter(|raw| *raw != "null")
}

/// A number as a text, `1e2` as `100`; anything else as it stands.
fn quoted(raw: &str) -> Cow<'_, str> {
    if number::is_number(raw) {
        format!("\"{}\"", number::plain(raw)).into()
    } else {
        raw.into()
    }
}

/// The data of an event under construction, and where each field of it was found.
#[derive(Default)]
struct Draft {
    json: String,
    places: Vec<(&'static str, String)>,
}

impl Draft {
    fn add(&mut self, field: &'static str, raw: &str, place: String) {
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        json::write_string(&mut self.json, field);
        self.json.push(':');
        self.json.push_str(raw);
        self.places.push((field, place));
    }

    /// Says of a fault where the sender finds it.
    fn as_sent(&self, mut rejection: Rejection) -> Rejection {
        let Some(field) = rejection.field.take() else {
            return rejection;
        };
        let named = match field.as_ref() {
            "id" => "messageId".into(),
            "time" => "timestamp".into(),
            "data.amount.currency" => "properties.currency".into(),
            other => {
                let name = other.strip_prefix("data.").unwrap_or(other);
                let first = name.split('.').next().unwrap_or(name);
                match self.places.iter().find(|(known, _)| *known == first) {
                    Some((_, place)) if *place != format!("properties.{first}") => place.clone(),
                    _ => format!("properties.{name}"),
                }
            }
        };
        rejection.at(named)
    }
}
