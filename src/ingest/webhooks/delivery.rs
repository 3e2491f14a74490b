//! What the events of one delivery share: their source, clock, mode, and the digest of their content.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::config::Source;
use crate::ingest::mend::document;
use crate::ingest::verdict::{self, Reason, Uncounted};
use crate::model::event::content_key;
use crate::model::{Event, EventType, Mode, TimeOrigin, parse_instant};

/// Seconds of the first instant of 2000: no provider here is older.
const EPOCH_2000: i64 = 946_684_800;

/// How far ahead of the clock a stated time may be.
const AHEAD: TimeDelta = TimeDelta::hours(24);

/// Below it, a float holds every whole number exactly: 2 to the power of 53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The longest type name that is kept.
const LONGEST_TYPE: usize = 100;

/// A moment and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub time: DateTime<Utc>,
    pub origin: TimeOrigin,
}

impl Stamp {
    /// Dates an event.
    pub fn date(self, event: &mut Event) {
        (event.time, event.time_origin) = (self.time, self.origin);
    }
}

/// One verified request of a provider: what its events share.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The configured source.
    pub(super) source: &'a Source,
    now: DateTime<Utc>,
    mode: Mode,
}

impl<'a> Delivery<'a> {
    /// A request that came in now.
    pub fn new(source: &'a Source, now: DateTime<Utc>) -> Self {
        let mode = if source.is_test() { Mode::Test } else { Mode::Live };
        Delivery { source, now, mode }
    }

    /// The same delivery, of which the provider says whether it is a test.
    pub(super) fn in_test(self, test: bool) -> Self {
        let mode = if test { Mode::Test } else { self.mode };
        Delivery { mode, ..self }
    }

    /// The events of a JSON body, complete with the digests of their content.
    pub(super) fn read(&self, raw_body: &[u8], events: impl FnOnce(&Value) -> Vec<Event>) -> Vec<Event> {
        match document(raw_body) {
            Some(body) => events(&body).into_iter().map(seal).collect(),
            None => vec![self.unreadable(raw_body)],
        }
    }

    /// The stamp of a time in `per_second` parts of a second since 1970.
    ///
    /// The time of receipt replaces an absent or impossible time.
    pub(super) fn stamp(&self, stated: Option<&Value>, per_second: i64) -> Stamp {
        let receipt = |origin| Stamp { time: self.now, origin };
        let Some(stated) = stated.filter(|value| !value.is_null()) else {
            return receipt(TimeOrigin::Missing);
        };
        let ticks = integer(stated)
            .or_else(|| whole(stated))
            .and_then(|ticks| ticks.checked_mul(1_000_000 / per_second));
        self.possible(ticks.and_then(DateTime::from_timestamp_micros))
    }

    /// The stamp of a time in RFC 3339 with any offset; as [`Delivery::stamp`] where there is none or it cannot be.
    pub(super) fn stamp_text(&self, stated: Option<&str>) -> Stamp {
        match stated.map(str::trim).filter(|text| !text.is_empty()) {
            None => Stamp {
                time: self.now,
                origin: TimeOrigin::Missing,
            },
            Some(text) => self.possible(parse_instant(text).ok()),
        }
    }

    /// The time, if it can be, else that of receipt.
    fn possible(&self, stated: Option<DateTime<Utc>>) -> Stamp {
        let can_be = |time: &DateTime<Utc>| time.timestamp() >= EPOCH_2000 && *time <= self.now + AHEAD;
        match stated.filter(can_be) {
            Some(time) => Stamp {
                time,
                origin: TimeOrigin::Given,
            },
            None => Stamp {
                time: self.now,
                origin: TimeOrigin::Impossible,
            },
        }
    }

    /// An event of this delivery with nothing but its envelope.
    pub(super) fn event(&self, id: impl Into<String>, kind: EventType, stamp: Stamp) -> Event {
        let mut event = Event::new(self.source.address(), id, kind, stamp.time);
        event.time_origin = stamp.origin;
        event.mode = self.mode;
        event
    }

    /// An event about a payment with this provider.
    pub(super) fn payment(&self, id: &str, kind: EventType, stamp: Stamp, payment_id: String) -> Event {
        let mut event = self.event(id, kind, stamp);
        event.provider = Some(self.source.provider.clone());
        event.payment_id = Some(payment_id);
        event
    }

    /// Something genuine that is not counted: its type and, where it is quarantined, why. Never its content.
    ///
    /// The reason is a part of the id: sent again after a setting was mended, the same notice is counted.
    pub(super) fn uncounted(&self, id: &str, type_name: &str, uncounted: Uncounted, stamp: Stamp) -> Event {
        let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let mut event = self.event(id, EventType::Other, stamp);
        event.notice = Some(type_name.chars().filter(plain).take(LONGEST_TYPE).collect());
        if let Uncounted::Quarantined(reason) = uncounted {
            event.id = format!("{id}:{reason}");
            event.reason = Some(reason.as_str().into());
        }
        event
    }

    /// Stands for a transmission and the only body that it may come with.
    pub(super) fn transmission(&self, id: &str, raw_body: &[u8]) -> Event {
        let received = Stamp {
            time: self.now,
            origin: TimeOrigin::Given,
        };
        let mut event = self.uncounted(
            &format!("transmission:{id}"),
            "transmission",
            Uncounted::Ignored,
            received,
        );
        let digest = hex::encode(Sha256::digest(raw_body));
        event.content = content_key("transmission", None, &digest);
        event
    }

    /// A genuine body that cannot be read, and whose type is not known.
    pub(super) fn unreadable(&self, raw_body: &[u8]) -> Event {
        let digest = hex::encode(Sha256::digest(raw_body));
        let mut event = self.event(format!("body:{}", &digest[..32]), EventType::Other, self.stamp(None, 1));
        event.reason = Some(Reason::Unreadable.as_str().into());
        seal(event)
    }
}

/// A whole number, also where it is written as a string.
pub(super) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// A number such as `5.0` or `1e2`, for ids and times only: money never passes through a float.
fn whole(value: &Value) -> Option<i64> {
    let exact = value
        .as_f64()
        .filter(|number| number.fract() == 0.0 && number.abs() < EXACT);
    exact.map(|number| number as i64)
}

/// A text that is not empty; whole numbers count, since older payloads write ids as numbers.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        Value::Number(_) => whole(value).map(|number| number.to_string()),
        _ => None,
    }
}

/// The members of a list; none if it is not a list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The first member of an object that is none of those that all such objects have.
pub(super) fn first_member<'a>(object: &'a Value, common: &[&str]) -> &'a str {
    let mut names = object.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    names.find(|name| !common.contains(name)).unwrap_or("unnamed")
}

/// An id from all that a body says, for one that has none.
pub(super) fn id_of_body(body: &Value) -> String {
    format!("body:{}", fingerprint(&[body]))
}

/// 128 bits of SHA-256 over the parts, for things that a provider gives no id.
///
/// What a person typed or is called goes in, and does not come out.
pub(super) fn fingerprint(parts: &[&Value]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        let text = part.to_string();
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hex::encode(&hasher.finalize()[..16])
}

/// Completes an event with the digest of its content.
pub(super) fn seal(mut event: Event) -> Event {
    event.content = content_key(event.kind.as_str(), event.subject.as_deref(), &canonical(&event));
    event
}

/// An event's data as JSON, in a fixed order and with nothing absent.
///
/// Its time is left out, so that the same fact with another time is the same content. The pattern
/// names every field, so that a new one cannot be forgotten here.
fn canonical(event: &Event) -> String {
    let Event {
        source: _,
        id: _,
        kind: _,
        subject: _,
        time: _,
        time_origin: _,
        content: _,
        former: _,
        ignored: _,
        no_ids: _,
        platform,
        bot_id,
        conversation_id,
        user_id,
        country,
        name,
        category,
        developer_id,
        payments_enabled,
        acquisition,
        direction,
        item_id,
        item_count,
        checkout_id,
        path,
        credential,
        provider,
        payment_id,
        attempt_id,
        capture_id,
        refund_id,
        dispute_id,
        method,
        network,
        brand,
        wallet,
        amount,
        cumulative,
        pending,
        released,
        decline_code,
        failure_kind,
        stage,
        outcome,
        mode,
        extra,
        notice: _,
        reason: _,
        // Other names of the same payment add nothing to what the event says.
        aliases: _,
    } = event;
    let texts = [
        ("platform", platform.clone()),
        ("bot_id", bot_id.clone()),
        ("conversation_id", conversation_id.clone()),
        ("user_id", user_id.clone()),
        ("country", country.clone()),
        ("name", name.clone()),
        ("category", category.clone()),
        ("developer_id", developer_id.clone()),
        ("payments_enabled", payments_enabled.map(|enabled| enabled.to_string())),
        ("acquisition", acquisition.map(|word| word.as_str().into())),
        ("direction", direction.map(|word| word.as_str().into())),
        ("item_id", item_id.clone()),
        ("item_count", item_count.map(|count| count.to_string())),
        ("checkout_id", checkout_id.clone()),
        ("path", path.map(|word| word.as_str().into())),
        ("credential", credential.map(|word| word.as_str().into())),
        ("provider", provider.clone()),
        ("payment_id", payment_id.clone()),
        ("attempt_id", attempt_id.clone()),
        ("capture_id", capture_id.clone()),
        ("refund_id", refund_id.clone()),
        ("dispute_id", dispute_id.clone()),
        ("method", method.clone()),
        ("network", network.clone()),
        ("brand", brand.clone()),
        ("wallet", wallet.clone()),
        (
            "amount",
            amount.map(|money| format!("{money} {}", money.currency.code())),
        ),
        ("cumulative", cumulative.then(|| "true".into())),
        ("pending", pending.then(|| "true".into())),
        ("released", released.map(|minor| minor.to_string())),
        ("decline_code", decline_code.clone()),
        ("failure_kind", failure_kind.map(|word| word.as_str().into())),
        ("stage", stage.map(|word| word.as_str().into())),
        ("outcome", outcome.map(|word| word.as_str().into())),
        ("mode", Some(mode.as_str().into())),
        ("extra", extra.clone().or_else(|| verdict::text(event))),
    ];
    let present = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?))));
    Value::Object(present.collect()).to_string()
}
