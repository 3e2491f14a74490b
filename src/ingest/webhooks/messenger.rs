//! Messenger: messages, postbacks and the ways into a thread; payments of the 2016 beta in `payments`.
//!
//! A conversation is a person and a page: its id is `{page id}:{page-scoped user id}`.

mod payments;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::delivery::{Delivery, Stamp, fingerprint, first_member, id_of_body, integer, list, text};
use super::signature::{any_matches, check_secrets, required, same_token, signed};
use super::{Endpoint, Lookup, Provider, Refusal, Request};
use crate::config::{Secret, SettingError, Source};
use crate::ingest::verdict::{Reason, Uncounted, Verdict};
use crate::model::{Acquisition, Direction, Event, EventType};

/// Messenger's webhooks.
pub const PROVIDER: Provider = Provider { name: NAME, open };

/// The provider's name, and the platform of its events.
const NAME: &str = "messenger";

/// The header with the signature. The older SHA-1 header is not read: every delivery has this one.
const SIGNATURE: &str = "x-hub-signature-256";

/// Updates of one delivery; Messenger sends at most 1,000.
const MOST: usize = 10_000;

/// Where the updates of an entry stand.
const PARTS: [&str; 3] = ["messaging", "standby", "changes"];

/// Milliseconds.
const PER_SECOND: i64 = 1_000;

/// The settings of a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Messenger {
    /// App secrets; several while one is being replaced.
    secrets: Vec<Secret>,
    /// The token of the subscription challenge.
    verify_token: Option<Secret>,
}

fn open(source: &Source) -> Result<Box<dyn Endpoint>, SettingError> {
    let settings: Messenger = source.settings()?;
    check_secrets("secrets", &settings.secrets)?;
    Ok(Box::new(settings))
}

/// The signature that the header states.
fn signature(headers: &Lookup<'_>) -> Result<Vec<u8>, Refusal> {
    let header = required(headers, SIGNATURE)?;
    let digits = header.strip_prefix("sha256=").ok_or(Refusal::Malformed(SIGNATURE))?;
    hex::decode(digits).map_err(|_| Refusal::Malformed(SIGNATURE))
}

impl Endpoint for Messenger {
    fn announced(&self, headers: &Lookup<'_>, _: DateTime<Utc>) -> Result<(), Refusal> {
        signature(headers).map(drop)
    }

    fn verify(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let signature = signature(request.headers)?;
        signed(any_matches(&self.secrets, &[request.raw_body], &[signature]))
    }

    fn challenge(&self, query: &Lookup<'_>) -> Option<Result<String, Refusal>> {
        let token = self.verify_token.as_ref().filter(|token| !token.is_empty());
        let genuine = query("hub.mode").as_deref() == Some("subscribe")
            && token
                .zip(query("hub.verify_token"))
                .is_some_and(|(configured, given)| same_token(&given, configured.text()));
        let answer = query("hub.challenge").filter(|_| genuine);
        Some(answer.ok_or(Refusal::Challenge))
    }

    fn events(&self, delivery: &Delivery<'_>, raw_body: &[u8]) -> Vec<Event> {
        delivery.read(raw_body, |body| read(delivery, body))
    }
}

fn read(delivery: &Delivery<'_>, body: &Value) -> Vec<Event> {
    let mut events = Vec::new();
    let too_many = updates(body) > MOST;
    if body["object"] == "page" && !too_many {
        for entry in list(&body["entry"]) {
            read_entry(delivery, entry, &mut events);
        }
    }
    if events.is_empty() {
        let name = body["object"].as_str().unwrap_or("unnamed");
        let uncounted = if too_many {
            Uncounted::Quarantined(Reason::TooManyUpdates)
        } else {
            Uncounted::Ignored
        };
        let stamp = delivery.stamp(None, PER_SECOND);
        events.push(delivery.uncounted(&id_of_body(body), name, uncounted, stamp));
    }
    events
}

/// How many updates a delivery has, an entry without any being one.
fn updates(body: &Value) -> usize {
    let of_entry = |entry: &Value| -> usize { PARTS.iter().map(|part| list(&entry[part]).len()).sum() };
    list(&body["entry"]).iter().map(|entry| of_entry(entry).max(1)).sum()
}

/// Updates come in batches twice over: entries, and items within each.
fn read_entry(delivery: &Delivery<'_>, entry: &Value, events: &mut Vec<Event>) {
    let before = events.len();
    for item in list(&entry["messaging"]) {
        events.extend(Item::new(delivery, entry, item, PER_SECOND).read());
    }
    // In stand-by another app owns the thread: what is said there is not this bot's.
    for item in list(&entry["standby"]) {
        let item = Item::new(delivery, entry, item, PER_SECOND);
        events.push(item.uncounted(&format!("standby.{}", item.type_name()), Uncounted::Ignored));
    }
    // Changes of the page itself are told in whole seconds.
    for change in list(&entry["changes"]) {
        let type_name = format!("changes.{}", change["field"].as_str().unwrap_or("unnamed"));
        events.push(Item::new(delivery, entry, change, 1).uncounted(&type_name, Uncounted::Ignored));
    }
    if events.len() == before {
        events.push(Item::new(delivery, entry, entry, PER_SECOND).uncounted("entry", Uncounted::Ignored));
    }
}

/// One update about one person on one page.
struct Item<'a> {
    delivery: &'a Delivery<'a>,
    item: &'a Value,
    page: Option<String>,
    person: Option<String>,
    stamp: Stamp,
}

impl<'a> Item<'a> {
    fn new(delivery: &'a Delivery<'a>, entry: &'a Value, item: &'a Value, per_second: i64) -> Self {
        let (sender, recipient, page) = (
            text(&item["sender"]["id"]),
            text(&item["recipient"]["id"]),
            text(&entry["id"]),
        );
        // An echo goes the other way: the page itself is its sender.
        let echo = item["message"]["is_echo"] == true;
        let (person, page) = if echo {
            (recipient, sender.or(page))
        } else {
            (sender, page.or(recipient))
        };
        // Some deliveries carry no time of their own, or zero.
        let stated = |value: &'a Value| Some(value).filter(|v| !v.is_null() && integer(v) != Some(0));
        let time = stated(&item["timestamp"]).or_else(|| stated(&entry["time"]));
        let stamp = delivery.stamp(time, per_second);
        Item {
            delivery,
            item,
            page,
            person,
            stamp,
        }
    }

    fn read(&self) -> Vec<Event> {
        let kept = |uncounted| vec![self.uncounted(&self.type_name(), uncounted)];
        self.map().unwrap_or_else(kept)
    }

    fn map(&self) -> Verdict<Vec<Event>> {
        let content = |name: &str| self.item.get(name).filter(|content| content.is_object());
        let event = if let Some(message) = content("message") {
            return self.message(message);
        } else if let Some(postback) = content("postback") {
            self.postback(postback)?
        } else if let Some(referral) = content("referral") {
            self.started(self.hashed("referral"), acquisition(referral))?
        } else if let Some(optin) = content("optin") {
            match notifications(optin) {
                Some(kind) => self.uncounted(&format!("optin.{kind}"), Uncounted::Ignored),
                // A plug-in on a web page led here.
                None => self.started(self.hashed("optin"), Some(Acquisition::Link))?,
            }
        } else if let Some(payment) = content("payment") {
            payments::payment(self, payment)
        } else if let Some(pre_checkout) = content("pre_checkout") {
            payments::pre_checkout(self, pre_checkout)?
        } else if content("checkout_update").is_some() {
            // The customer changes the shipping address, and with it the sum.
            self.event(self.hashed("checkout_update"), EventType::CartUpdated)?
        } else {
            return Err(Uncounted::Ignored);
        };
        Ok(vec![event])
    }

    fn message(&self, message: &Value) -> Verdict<Vec<Event>> {
        let echo = message["is_echo"] == true;
        let (name, direction) = if echo {
            ("echo", Direction::Out)
        } else {
            ("message", Direction::In)
        };
        let id = text(&message["mid"]).map_or_else(|| self.hashed(name), |mid| format!("{name}:{mid}"));
        let mut events = vec![self.said(id.clone(), direction)?];
        // The first message after an advertisement brings the referral along.
        if let Some(referral) = message.get("referral").filter(|referral| referral.is_object()) {
            events.push(self.started(format!("{id}#1"), acquisition(referral))?);
        }
        Ok(events)
    }

    fn postback(&self, postback: &Value) -> Verdict {
        let id = match text(&postback["mid"]) {
            Some(mid) => format!("postback:{mid}"),
            None => self.keyed("postback", &postback["payload"]),
        };
        if let Some(referral) = postback.get("referral").filter(|referral| referral.is_object()) {
            return self.started(id, acquisition(referral));
        }
        if is_get_started(postback) {
            return self.started(id, Some(Acquisition::Organic));
        }
        self.said(id, Direction::In)
    }

    fn said(&self, id: String, direction: Direction) -> Verdict {
        let mut event = self.event(id, EventType::ConversationMessage)?;
        event.direction = Some(direction);
        Ok(event)
    }

    fn started(&self, id: String, acquisition: Option<Acquisition>) -> Verdict {
        let mut event = self.event(id, EventType::ConversationStarted)?;
        event.acquisition = acquisition;
        Ok(event)
    }

    /// An event of the conversation. Some updates name no person, as those of a plug-in's checkbox.
    fn event(&self, id: String, kind: EventType) -> Verdict {
        let ids = self.page.as_ref().zip(self.person.as_ref());
        let (page, person) = ids.ok_or(Uncounted::Quarantined(Reason::NoPerson))?;
        let mut event = self.delivery.event(id, kind, self.stamp);
        event.platform = Some(NAME.into());
        event.bot_id = Some(page.clone());
        event.user_id = Some(person.clone());
        event.conversation_id = Some(format!("{page}:{person}"));
        Ok(event)
    }

    /// Something genuine that is not counted; it names nobody.
    fn uncounted(&self, type_name: &str, uncounted: Uncounted) -> Event {
        let watermark = &self.item[type_name]["watermark"];
        // Receipts are sent again with another sequence number: the watermark is what identifies them.
        let id = if watermark.is_null() {
            self.hashed(type_name)
        } else {
            self.identified(type_name, &[watermark])
        };
        self.delivery.uncounted(&id, type_name, uncounted, self.stamp)
    }

    /// The key that says what the update is about.
    fn type_name(&self) -> String {
        first_member(self.item, &["sender", "recipient", "timestamp"]).into()
    }

    /// An id from everything the update says.
    fn hashed(&self, prefix: &str) -> String {
        format!(
            "{prefix}:{}",
            fingerprint(&[&Value::from(self.page.as_deref()), self.item])
        )
    }

    /// An id from page, person and what else identifies the update.
    fn identified(&self, prefix: &str, more: &[&Value]) -> String {
        let ids = [&self.page, &self.person].map(|id| Value::from(id.as_deref()));
        let parts: Vec<&Value> = ids.iter().chain(more.iter().copied()).collect();
        format!("{prefix}:{}", fingerprint(&parts))
    }

    /// An id from page, person, time and the developer's payload.
    fn keyed(&self, prefix: &str, payload: &Value) -> String {
        self.identified(prefix, &[&self.item["timestamp"], payload])
    }
}

/// Whether a postback comes from the button that only a new thread shows.
///
/// Its payload is the developer's, but the documented examples (`GET_STARTED`, `<GET_STARTED_PAYLOAD>`)
/// are what nearly everybody uses.
fn is_get_started(postback: &Value) -> bool {
    let payload = postback["payload"].as_str().unwrap_or_default();
    let letters: String = payload.chars().filter(char::is_ascii_alphanumeric).collect();
    matches!(
        letters.to_ascii_lowercase().as_str(),
        "getstarted" | "getstartedpayload"
    )
}

/// The type of an opt-in to notifications, also of one that was stopped or resumed: it opens no thread.
fn notifications(optin: &Value) -> Option<&str> {
    let of_notifications = |name: &String| name.starts_with("notification_messages");
    let untyped = optin.as_object()?.keys().any(of_notifications);
    optin["type"].as_str().or(untyped.then_some("notification_messages"))
}

/// How a referral led into the thread; none where the source is not known.
fn acquisition(referral: &Value) -> Option<Acquisition> {
    match referral["source"].as_str()? {
        "ADS" => Some(Acquisition::Ad),
        "SHORTLINK" | "CUSTOMER_CHAT_PLUGIN" => Some(Acquisition::Link),
        "MESSENGER_CODE" => Some(Acquisition::Code),
        "DISCOVER_TAB" => Some(Acquisition::Search),
        _ => None,
    }
}
