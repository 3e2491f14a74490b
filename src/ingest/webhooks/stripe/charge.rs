//! Charges: where the money is.

use serde_json::Value;

use super::super::delivery::text;
use super::money::{amount, figure, money};
use super::{Notice, Verdict, failure, hold, instrument, payment_of};
use crate::model::{Event, EventType};

/// Money taken at once, or reserved for a later capture.
pub(super) fn succeeded(notice: &Notice<'_>) -> Verdict {
    if notice.object["captured"] == false {
        authorized(notice)
    } else {
        captured(notice)
    }
}

fn authorized(notice: &Notice<'_>) -> Verdict {
    of_charge(notice, EventType::TransactionAuthorized)
}

/// Money taken, in whole or in part: the sum so far, since a charge may be captured several times.
pub(super) fn captured(notice: &Notice<'_>) -> Verdict {
    let charge = notice.object;
    let mut event = of_charge(notice, EventType::TransactionCaptured)?;
    event.capture_id = event.attempt_id.clone();
    event.amount = Some(money(&notice.delivery, taken(charge)?, &charge["currency"])?);
    event.cumulative = true;
    event.released = hold::released(notice)?;
    Ok(event)
}

/// A bank's answer is awaited.
pub(super) fn pending(notice: &Notice<'_>) -> Verdict {
    of_charge(notice, EventType::TransactionInitiated)
}

/// An attempt that failed; the payment may have others.
pub(super) fn failed(notice: &Notice<'_>) -> Verdict {
    let mut event = of_charge(notice, EventType::TransactionFailed)?;
    failure::of_charge(&mut event, notice.object);
    Ok(event)
}

/// A reservation that ran out.
pub(super) fn expired(notice: &Notice<'_>) -> Verdict {
    of_charge(notice, EventType::TransactionCancelled)
}

/// Something about the charge was changed: that more was captured, or its metadata.
pub(super) fn updated(notice: &Notice<'_>) -> Verdict {
    let grew = !notice.body["data"]["previous_attributes"]["amount_captured"].is_null();
    let open = notice.object["captured"] == false;
    if (open || grew) && hold::has_captures(notice.object)? {
        return captured(notice);
    }
    let id = text(&notice.object["id"]);
    notice.links(payment_of(notice.object, id.as_deref()), id, "amount")
}

/// An event about the notice's charge, with its whole amount.
pub(super) fn of_charge(notice: &Notice<'_>, kind: EventType) -> Verdict {
    let charge = notice.object;
    let id = text(&charge["id"]);
    let mut event: Event = notice.event(kind, payment_of(charge, id.as_deref()), id.clone())?;
    event.attempt_id = id;
    event.amount = Some(amount(&notice.delivery, charge, "amount")?);
    instrument::of_charge(charge).apply(&mut event);
    Ok(event)
}

/// What was taken. Versions without `amount_captured` state a partial capture as a refund of the rest.
fn taken(charge: &Value) -> Verdict<Option<i64>> {
    let refunded = figure(&charge["amount_refunded"])?.unwrap_or(0);
    let amount = figure(&charge["amount"])?;
    let captured = figure(&charge["amount_captured"])?;
    Ok(captured.or_else(|| amount?.checked_sub(refunded)))
}
