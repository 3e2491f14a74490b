//! Payment intents: states, attempts and links, but no money of their own.

use serde_json::Value;

use super::super::delivery::text;
use super::super::instrument::Instrument;
use super::money::{amount, figure};
use super::{Notice, Reason, Uncounted, Verdict, failure, hold, instrument, reference};
use crate::model::{EventType, TimeOrigin};

/// A payment is set up.
pub(super) fn created(notice: &Notice<'_>) -> Verdict {
    of_intent(notice, EventType::TransactionInitiated, "amount")
}

/// The latest charge awaits its answer.
pub(super) fn processing(notice: &Notice<'_>) -> Verdict {
    let mut event = created(notice)?;
    event.attempt_id = latest_charge(notice.object).id();
    Ok(event)
}

/// The customer must confirm. The latest charge, if any, is an earlier attempt.
pub(super) fn requires_action(notice: &Notice<'_>) -> Verdict {
    of_intent(notice, EventType::TransactionRequiresAction, "amount")
}

/// Money is reserved by the latest charge, or a part of it was captured and the rest still is.
pub(super) fn authorized(notice: &Notice<'_>) -> Verdict {
    if figure(&notice.object["amount_received"])?.is_some_and(|received| received > 0) {
        let mut event = captured(notice, "amount_received")?;
        event.cumulative = true;
        return Ok(event);
    }
    let mut event = of_intent(notice, EventType::TransactionAuthorized, "amount_capturable")?;
    if event.amount.is_some_and(|money| money.minor == 0) {
        return Err(Uncounted::Quarantined(Reason::NothingCapturable));
    }
    let charge = latest_charge(notice.object);
    event.attempt_id = Some(charge.id().ok_or(Uncounted::Quarantined(Reason::NoChargeId))?);
    charge.instrument().apply(&mut event);
    Ok(event)
}

/// The latest charge took the money: the same fact as the charge's own, under the same ids.
pub(super) fn succeeded(notice: &Notice<'_>) -> Verdict {
    let received = if notice.object["amount_received"].is_null() {
        "amount"
    } else {
        "amount_received"
    };
    let mut event = captured(notice, received)?;
    event.released = hold::of_intent(notice)?;
    Ok(event)
}

fn captured(notice: &Notice<'_>, field: &str) -> Verdict {
    let mut event = of_intent(notice, EventType::TransactionCaptured, field)?;
    let charge = latest_charge(notice.object);
    event.attempt_id = Some(charge.id().ok_or(Uncounted::Quarantined(Reason::NoChargeId))?);
    event.capture_id = event.attempt_id.clone();
    charge.instrument().apply(&mut event);
    Ok(event)
}

/// An attempt failed; the intent itself waits for the next.
pub(super) fn failed(notice: &Notice<'_>) -> Verdict {
    let mut event = of_intent(notice, EventType::TransactionFailed, "amount")?;
    let error = &notice.object["last_payment_error"];
    // A failed authentication never became a charge: the latest one is an earlier attempt.
    let uncharged = error["code"] == "payment_intent_authentication_failure";
    let latest = latest_charge(notice.object);
    let charge = reference(&error["charge"]).or_else(|| if uncharged { None } else { latest.id() });
    failure::of_error(&mut event, error);
    match latest.embedded.filter(|_| charge.is_some() && charge == latest.id()) {
        // The charge tells more than the error does, and the same as its own notice.
        Some(embedded) => {
            failure::of_charge(&mut event, embedded);
            latest.instrument().apply(&mut event);
        }
        None => instrument::of_details(&error["payment_method"]).apply(&mut event),
    }
    event.attempt_id = charge.or_else(|| Some(moment(notice)));
    Ok(event)
}

/// The payment is given up.
pub(super) fn cancelled(notice: &Notice<'_>) -> Verdict {
    of_intent(notice, EventType::TransactionCancelled, "amount")
}

/// The name of an attempt that became no charge: two notices of one failure tell the same second.
fn moment(notice: &Notice<'_>) -> String {
    let intent = text(&notice.object["id"]).unwrap_or_default();
    match notice.stamp.origin {
        TimeOrigin::Given => format!("{intent}@{}", notice.stamp.time.timestamp()),
        TimeOrigin::Missing | TimeOrigin::Impossible => notice.id.clone(),
    }
}

fn of_intent(notice: &Notice<'_>, kind: EventType, field: &str) -> Verdict {
    let charge = latest_charge(notice.object).id();
    let mut event = notice.event(kind, text(&notice.object["id"]), charge)?;
    event.amount = Some(amount(&notice.delivery, notice.object, field)?);
    Ok(event)
}

/// An intent's latest charge: referred to, or in older versions the first of a list.
struct LatestCharge<'a> {
    named: Option<String>,
    embedded: Option<&'a Value>,
}

fn latest_charge(intent: &Value) -> LatestCharge<'_> {
    let latest = &intent["latest_charge"];
    let embedded = Some(latest)
        .filter(|charge| charge.is_object())
        .or_else(|| intent["charges"]["data"].get(0));
    LatestCharge {
        named: text(latest),
        embedded,
    }
}

impl LatestCharge<'_> {
    fn id(&self) -> Option<String> {
        self.named.clone().or_else(|| text(&self.embedded?["id"]))
    }

    fn instrument(&self) -> Instrument {
        self.embedded.map(instrument::of_charge).unwrap_or_default()
    }
}
