//! Payments in the thread, as the 2016 beta sent them.
//!
//! Names, addresses, e-mails and tokenised cards that come along are never read.

use serde_json::Value;

use super::super::decimals::{INEXACT, NO_AMOUNT, currency, from_text};
use super::super::delivery::{fingerprint, text};
use super::super::instrument::Instrument;
use super::super::networks::slug;
use super::{Item, NAME};
use crate::ingest::verdict::{Reason, Uncounted, Verdict};
use crate::model::{CheckoutPath, Event, EventType, Mode, Money};

/// Ids that every test payment shares, so that they identify nothing.
const TEST_IDS: [&str; 2] = ["test_charge_id_12345", "test_payment_id_12345"];

/// The method or provider that the payload does not name.
const UNKNOWN: &str = "unknown";

/// The customer presses the button that pays.
pub(super) fn pre_checkout(item: &Item<'_>, content: &Value) -> Verdict {
    let mut event = item.event(
        item.keyed("pre_checkout", &content["payload"]),
        EventType::CheckoutStarted,
    )?;
    event.path = Some(CheckoutPath::InThread);
    // A checkout counts with or without an amount.
    event.amount = amount(content).ok();
    Ok(event)
}

/// The money, or with a tokenised card the right to take it.
pub(super) fn payment(item: &Item<'_>, content: &Value) -> Event {
    let id = match real_id(&content["payment_credential"]["fb_payment_id"]) {
        Some(id) => format!("payment:{id}"),
        None => item.keyed("payment", &content["payload"]),
    };
    read_payment(item, content, &id)
        .unwrap_or_else(|uncounted| item.delivery.uncounted(&id, "payment", uncounted, item.stamp))
}

fn read_payment(item: &Item<'_>, content: &Value, id: &str) -> Verdict {
    let credential = &content["payment_credential"];
    let provider = credential["provider_type"].as_str().map_or(UNKNOWN.into(), slug);
    let charge = text(&credential["charge_id"]);
    let tokenised = provider == "token";
    let kind = if tokenised {
        EventType::TransactionAuthorized
    } else {
        EventType::TransactionCaptured
    };
    let mut event = item.event(id.into(), kind)?;
    event.amount = Some(amount(content)?);
    event.path = Some(CheckoutPath::InThread);
    if [&credential["charge_id"], &credential["fb_payment_id"]]
        .into_iter()
        .any(is_test_id)
    {
        event.mode = Mode::Test;
    }
    if tokenised {
        // The merchant takes the money elsewhere, with a provider that this payload does not name.
        event.provider = Some(UNKNOWN.into());
        event.payment_id = Some(id.into());
        Instrument::card(None, None).apply(&mut event);
        return Ok(event);
    }
    let charge = charge.ok_or(Uncounted::Quarantined(Reason::NoChargeId))?;
    // The provider's own webhook tells of the same charge: sharing its id, the money counts once.
    let charge = if is_test_id(&credential["charge_id"]) {
        unique_test_id(item, content)
    } else {
        charge
    };
    event.payment_id = Some(charge.clone());
    event.attempt_id = Some(charge.clone());
    event.capture_id = Some(charge);
    if provider == "paypal" {
        Instrument::without_network(&provider).apply(&mut event);
    }
    event.provider = Some(provider);
    Ok(event)
}

fn amount(content: &Value) -> Verdict<Money> {
    let stated = &content["amount"];
    let currency = currency(stated["currency"].as_str().unwrap_or_default())?;
    match &stated["amount"] {
        // A JSON fraction has already been rounded to binary: only texts and whole numbers are exact.
        Value::Number(number) if number.is_f64() => Err(INEXACT),
        written => from_text(&text(written).ok_or(NO_AMOUNT)?, currency),
    }
}

fn is_test_id(value: &Value) -> bool {
    value.as_str().is_some_and(|id| TEST_IDS.contains(&id))
}

fn real_id(value: &Value) -> Option<String> {
    text(value).filter(|_| !is_test_id(value))
}

/// An id of its own for a test payment.
fn unique_test_id(item: &Item<'_>, content: &Value) -> String {
    let parts = [&Value::from(NAME), item.item, content];
    format!("test_{}", fingerprint(&parts))
}
