//! Stripe: one notice, one canonical event.
//!
//! Charges are the source of money. Payment intents and sessions only add attempts, links and
//! states; where they tell of a capture, they share the charge's id, so that it counts once.

mod charge;
mod dispute;
mod failure;
mod hold;
mod instrument;
mod intent;
mod invoice;
mod money;
mod refund;
mod session;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::delivery::{Delivery, Stamp, id_of_body, text};
use super::links::{complete, is_linked, link, link_text};
use super::signature::{any_matches, check_secrets, required, signed};
use super::{Endpoint, Lookup, Provider, Refusal, Request};
use crate::config::{Secret, SettingError, Source};
use crate::ingest::verdict::{Reason, Uncounted, Verdict};
use crate::model::{Event, EventType};

/// Stripe's webhooks.
pub const PROVIDER: Provider = Provider { name: "stripe", open };

/// The header with the signatures.
const SIGNATURE: &str = "stripe-signature";

/// Seconds.
const PER_SECOND: i64 = 1;

/// The settings of a source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stripe {
    /// Signing secrets (`whsec_…`); several while one is being replaced.
    secrets: Vec<Secret>,
    /// How old, or how far ahead, a signature may be. Seconds.
    #[serde(default = "default_tolerance")]
    tolerance_seconds: u64,
}

fn default_tolerance() -> u64 {
    300
}

fn open(source: &Source) -> Result<Box<dyn Endpoint>, SettingError> {
    let settings: Stripe = source.settings()?;
    check_secrets("secrets", &settings.secrets)?;
    Ok(Box::new(settings))
}

/// What the header says: when the body was signed, as it was written and as a number, and the signatures.
struct Signed {
    stated: String,
    signed_at: i64,
    signatures: Vec<Vec<u8>>,
}

impl Signed {
    fn read(headers: &Lookup<'_>) -> Result<Self, Refusal> {
        let header = required(headers, SIGNATURE)?;
        let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
        let stated = parts().find(|(scheme, _)| *scheme == "t").map(|(_, value)| value);
        let stated = stated.filter(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit()));
        let signed_at = stated.and_then(|t| Some((t, t.parse::<i64>().ok()?)));
        let (stated, signed_at) = signed_at.ok_or(Refusal::Malformed(SIGNATURE))?;
        // Other schemes and values that are no hexadecimal digits are passed over, as Stripe asks.
        let signatures = parts()
            .filter(|(scheme, _)| *scheme == "v1")
            .filter_map(|(_, value)| hex::decode(value).ok());
        Ok(Signed {
            stated: stated.to_owned(),
            signed_at,
            signatures: signatures.collect(),
        })
    }
}

impl Endpoint for Stripe {
    /// `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`: the time is signed with the body, and any `v1` may match.
    fn announced(&self, headers: &Lookup<'_>, _: DateTime<Utc>) -> Result<(), Refusal> {
        signed(!Signed::read(headers)?.signatures.is_empty())
    }

    fn verify(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let Signed {
            stated,
            signed_at,
            signatures,
        } = Signed::read(request.headers)?;
        let parts = [stated.as_bytes(), b".", request.raw_body];
        signed(any_matches(&self.secrets, &parts, &signatures))?;
        // Both ways: a body signed for the future would stay good for as long.
        if request.now.timestamp().abs_diff(signed_at) > self.tolerance_seconds {
            Err(Refusal::OutsideTolerance)
        } else {
            Ok(())
        }
    }

    fn events(&self, delivery: &Delivery<'_>, raw_body: &[u8]) -> Vec<Event> {
        delivery.read(raw_body, |body| vec![Notice::new(delivery, body).event_or_kept()])
    }
}

/// One Event object of Stripe's.
struct Notice<'a> {
    delivery: Delivery<'a>,
    body: &'a Value,
    object: &'a Value,
    id: String,
    /// When it happened: the Event's time, since its object may have been made long before.
    stamp: Stamp,
}

impl<'a> Notice<'a> {
    fn new(delivery: &Delivery<'a>, body: &'a Value) -> Self {
        let object = &body["data"]["object"];
        let live = body.get("livemode").or_else(|| object.get("livemode"));
        Notice {
            delivery: delivery.in_test(live == Some(&Value::Bool(false))),
            body,
            object,
            id: text(&body["id"]).unwrap_or_else(|| id_of_body(body)),
            stamp: delivery.stamp(body.get("created"), PER_SECOND),
        }
    }

    fn type_name(&self) -> &str {
        self.body["type"].as_str().unwrap_or("unnamed")
    }

    fn event_or_kept(&self) -> Event {
        let kept = |uncounted| {
            self.delivery
                .uncounted(&self.id, self.type_name(), uncounted, self.stamp)
        };
        self.map().unwrap_or_else(kept)
    }

    fn map(&self) -> Verdict {
        // Thin events of the newer kind carry no object.
        if self.body["object"] != "event" {
            return Err(Uncounted::Ignored);
        }
        // The far side of a transfer between accounts: the near side's charge has taken or given the money.
        let far = ["source_transfer", "source_transfer_reversal"];
        if far.iter().any(|name| !self.object[*name].is_null()) {
            return Err(Uncounted::Quarantined(Reason::Transferred));
        }
        match self.type_name() {
            "charge.succeeded" => charge::succeeded(self),
            "charge.captured" => charge::captured(self),
            "charge.pending" => charge::pending(self),
            "charge.failed" => charge::failed(self),
            "charge.expired" => charge::expired(self),
            "charge.updated" => charge::updated(self),
            "charge.refunded" => refund::so_far(self),
            "charge.refund.updated" | "refund.created" | "refund.updated" | "refund.failed" => refund::refund(self),
            // `charge.disputed` is what the first years called it.
            "charge.disputed"
            | "charge.dispute.created"
            | "charge.dispute.updated"
            | "charge.dispute.funds_withdrawn"
            | "charge.dispute.funds_reinstated"
            | "charge.dispute.closed" => dispute::dispute(self),
            "payment_intent.created" => intent::created(self),
            "payment_intent.processing" => intent::processing(self),
            "payment_intent.requires_action" => intent::requires_action(self),
            "payment_intent.amount_capturable_updated" => intent::authorized(self),
            "payment_intent.succeeded" => intent::succeeded(self),
            "payment_intent.payment_failed" => intent::failed(self),
            "payment_intent.canceled" => intent::cancelled(self),
            "checkout.session.completed"
            | "checkout.session.async_payment_succeeded"
            | "checkout.session.async_payment_failed" => session::linked(self),
            "checkout.session.expired" => session::expired(self),
            "invoice.finalized"
            | "invoice.paid"
            | "invoice.payment_action_required"
            | "invoice.payment_failed"
            | "invoice.payment_succeeded" => invoice::linked(self),
            "invoice_payment.paid" => invoice::paid(self),
            _ => Err(Uncounted::Ignored),
        }
    }

    /// An event about a payment and its charge, with the links of the object's metadata.
    fn event(&self, kind: EventType, payment_id: Option<String>, charge: Option<String>) -> Verdict {
        let payment_id = payment_id.ok_or(Uncounted::Quarantined(Reason::NoPaymentId))?;
        let mut event = self.delivery.payment(&self.id, kind, self.stamp, payment_id);
        link(&mut event, &self.object["metadata"], &self.delivery);
        // The one text of a session that travels through a payment link's address.
        if let Some(reference) = self.object["client_reference_id"].as_str() {
            link_text(&mut event, reference, &self.delivery);
        }
        for metadata in invoice::subscriptions(self.object) {
            link(&mut event, metadata, &self.delivery);
        }
        complete(&mut event, &self.delivery);
        // Messenger, Telegram, refunds, disputes and old notices may name only the charge, sessions of subscriptions
        // only the invoice.
        event.aliases = charge
            .into_iter()
            .chain(reference(&self.object["invoice"]))
            .filter(|id| event.payment_id.as_ref() != Some(id))
            .collect();
        Ok(event)
    }

    /// An event that adds links to a payment and no step to it: it dates from when its object was made.
    fn links(&self, payment_id: Option<String>, charge: Option<String>, amount: &str) -> Verdict {
        let event = self.naming(payment_id, charge, amount)?;
        if is_linked(&event) {
            Ok(event)
        } else {
            Err(Uncounted::Ignored)
        }
    }

    /// As [`Notice::links`], also where it only says which names are one payment's.
    fn naming(&self, payment_id: Option<String>, charge: Option<String>, amount: &str) -> Verdict {
        let mut event = self.event(EventType::TransactionInitiated, payment_id, charge)?;
        event.amount = Some(money::amount(&self.delivery, self.object, amount)?);
        self.made().date(&mut event);
        Ok(event)
    }

    /// When the object was made, which may be long before the notice.
    fn made(&self) -> Stamp {
        let made = self.object.get("created").or(self.body.get("created"));
        self.delivery.stamp(made, PER_SECOND)
    }
}

/// The id of an object that is referred to, or that stands there whole.
fn reference(value: &Value) -> Option<String> {
    text(value).or_else(|| text(&value["id"]))
}

/// The payment that a charge, refund or dispute belongs to: its payment intent, else the charge.
fn payment_of(object: &Value, charge: Option<&str>) -> Option<String> {
    reference(&object["payment_intent"])
        .or_else(|| reference(&object["charge"]["payment_intent"]))
        .or_else(|| charge.map(str::to_owned))
}
