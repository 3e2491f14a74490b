//! One notification: what it is about, and what all of its events share.

use serde_json::{Map, Value};

use super::super::delivery::{Delivery, Stamp, seal};
use super::super::links::{complete, link, link_text, names_of};
use super::money::Prices;
use super::xml::Element;
use super::{dispute, transaction};
use crate::ingest::verdict::Uncounted;
use crate::model::{Event, EventType};

/// A notification.
pub(super) struct Notice<'a> {
    delivery: Delivery<'a>,
    /// Currencies of amounts that name none.
    pub prices: &'a Prices,
    /// Named by its content, since Braintree gives it no id.
    pub id: &'a str,
    /// What it is called.
    pub kind: &'a str,
    /// When it was made.
    pub time: Option<&'a str>,
    root: Element<'a>,
}

impl<'a> Notice<'a> {
    pub fn new(delivery: &Delivery<'a>, prices: &'a Prices, id: &'a str, root: Element<'a>) -> Self {
        // Only the addresses of pictures tell a sandbox; the source's own setting is more certain.
        let picture = |element: Element<'_>| {
            element.is("image-url") && element.value().is_some_and(|url| url.contains("environment=sandbox"))
        };
        let sandbox = delivery.source.mode.is_none() && root.descendants().any(picture);
        Notice {
            delivery: delivery.in_test(sandbox),
            prices,
            id,
            kind: root.text("kind").unwrap_or("unnamed"),
            time: root.text("timestamp"),
            root,
        }
    }

    /// Its events; one of type `other` where it holds nothing that is counted.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let subject = self.root.child("subject").and_then(|subject| subject.children().next());
        if let Some(subject) = subject {
            self.read(subject, &mut events);
        }
        if events.is_empty() {
            events.push(self.uncounted(Uncounted::Ignored));
        }
        events
    }

    fn read(&self, subject: Element<'a>, events: &mut Vec<Event>) {
        match subject.name().as_str() {
            "transaction" => transaction::read(self, subject, None, events),
            "subscription" => {
                let told = subject.list("transactions").filter(|element| element.is("transaction"));
                told.for_each(|told| transaction::read(self, told, None, events));
            }
            "local-payment" | "local-payment-funded" => {
                if let Some(told) = subject.child("transaction") {
                    transaction::read(self, told, Some(subject), events);
                }
            }
            "local-payment-expired" => self.local_payment(subject, EventType::TransactionCancelled, events),
            "local-payment-reversed" => self.local_payment(subject, EventType::TransactionReversed, events),
            "dispute" => dispute::read(self, subject, events),
            _ => {}
        }
    }

    /// The end of a local payment, told without its transaction: the payment is known by its own id.
    fn local_payment(&self, subject: Element<'_>, kind: EventType, events: &mut Vec<Event>) {
        if let Some(id) = subject.text("payment-id") {
            let mut event = self.event(kind, id, self.stamp(self.time));
            complete(&mut event, &self.delivery);
            events.push(named(event, self.id));
        }
    }

    /// An event about a payment, not linked to anything yet.
    pub fn event(&self, kind: EventType, payment_id: &str, stamp: Stamp) -> Event {
        self.delivery.payment("", kind, stamp, payment_id.into())
    }

    /// The whole of it, not counted.
    pub fn uncounted(&self, uncounted: Uncounted) -> Event {
        self.part_uncounted(self.id, self.kind, uncounted, self.stamp(self.time))
    }

    /// A part of it that is not counted.
    pub fn part_uncounted(&self, id: &str, type_name: &str, uncounted: Uncounted, stamp: Stamp) -> Event {
        named(self.delivery.uncounted("", type_name, uncounted, stamp), id)
    }

    /// Reads a moment, or a date as its first one.
    pub fn stamp(&self, text: Option<&str>) -> Stamp {
        match text {
            Some(date) if date.len() == 10 => self.delivery.stamp_text(Some(&format!("{date}T00:00:00Z"))),
            text => self.delivery.stamp_text(text),
        }
    }

    /// Takes the links from custom fields and the order's id.
    pub fn link(&self, event: &mut Event, transaction: Element<'_>) {
        let known = names_of(&self.delivery.source.links);
        // Custom fields are elements, so their names may have come to stand with other dashes.
        let custom: Map<String, Value> = transaction
            .list("custom-fields")
            .filter_map(|field| {
                let name = known.iter().find(|name| name.replace('_', "-") == field.name())?;
                Some((name.to_string(), field.value()?.into()))
            })
            .collect();
        if !custom.is_empty() {
            link(event, &Value::Object(custom), &self.delivery);
        }
        if let Some(order) = transaction.text("order-id") {
            link_text(event, order, &self.delivery);
        }
        complete(event, &self.delivery);
    }
}

/// Seals an event and names it by what it is about and what it says: the same said again is the same event,
/// and what is said otherwise, after a setting was mended for example, is not taken for it.
pub(super) fn named(event: Event, about: &str) -> Event {
    let mut event = seal(event);
    // Nobody shall find out by trial, from an id that is kept, for which person it was made.
    let impersonal = seal(Event {
        user_id: None,
        conversation_id: None,
        ..event.clone()
    });
    event.id = format!("{about}:{:016x}", impersonal.content);
    event
}
