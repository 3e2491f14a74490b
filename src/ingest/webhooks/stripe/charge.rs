//! Charges and refunds: where the money is.

use serde_json::Value;

use super::super::delivery::{integer, text};
use super::instrument::Instrument;
use super::money::{amount, money};
use super::{Mapped, Notice, PER_SECOND, Uncounted, failure, payment_of, reference};
use crate::model::{Event, EventType};

/// Money taken at once, or reserved for a later capture.
pub(super) fn succeeded(notice: &Notice<'_>) -> Mapped {
    if notice.object["captured"] == false {
        authorized(notice)
    } else {
        captured(notice)
    }
}

fn authorized(notice: &Notice<'_>) -> Mapped {
    of_charge(notice, EventType::TransactionAuthorized)
}

/// Money taken, in whole or in part. One charge has one capture, told cumulatively.
pub(super) fn captured(notice: &Notice<'_>) -> Mapped {
    let charge = notice.object;
    let mut event = of_charge(notice, EventType::TransactionCaptured)?;
    event.capture_id = event.attempt_id.clone();
    event.amount = Some(money(taken(charge), &charge["currency"])?);
    Ok(event)
}

/// A bank's answer is awaited.
pub(super) fn pending(notice: &Notice<'_>) -> Mapped {
    of_charge(notice, EventType::TransactionInitiated)
}

/// An attempt that failed; the payment may have others.
pub(super) fn failed(notice: &Notice<'_>) -> Mapped {
    let mut event = of_charge(notice, EventType::TransactionFailed)?;
    failure::of_charge(&mut event, notice.object);
    Ok(event)
}

/// A reservation that ran out.
pub(super) fn expired(notice: &Notice<'_>) -> Mapped {
    of_charge(notice, EventType::TransactionCancelled)
}

/// The sum given back so far. Recent versions no longer list the refunds here.
pub(super) fn refunded(notice: &Notice<'_>) -> Mapped {
    let charge = notice.object;
    if charge["captured"] == false {
        // What was never taken is released, not given back.
        return of_charge(notice, EventType::TransactionCancelled);
    }
    let back = given_back(charge)
        .filter(|back| *back > 0)
        .ok_or(Uncounted::Because("nothing_given_back"))?;
    let mut event = of_charge(notice, EventType::TransactionRefunded)?;
    event.amount = Some(money(Some(back), &charge["currency"])?);
    event.cumulative = true;
    // A refund is no try to pay: naming the attempt, it would pass for one that nobody decided.
    event.attempt_id = None;
    Ok(event)
}

/// One refund; only money that has really gone back counts.
pub(super) fn refund(notice: &Notice<'_>) -> Mapped {
    let refund = notice.object;
    // Refunds of the first years have no status: they were made at once.
    if refund["status"].as_str().is_some_and(|status| status != "succeeded") {
        return Err(Uncounted::Because("refund_not_succeeded"));
    }
    let charge = reference(&refund["charge"]);
    let mut event = notice.event(EventType::TransactionRefunded, payment_of(refund, charge.as_deref()))?;
    event.refund_id = Some(text(&refund["id"]).ok_or(Uncounted::Because("no_refund_id"))?);
    event.amount = Some(amount(refund, "amount")?);
    let created = notice.type_name() == "refund.created";
    if !created && notice.body["data"]["previous_attributes"]["status"].is_null() {
        // Something else changed: the money went back when the refund was made.
        let made = notice
            .delivery
            .stamp(refund.get("created").or(notice.body.get("created")), PER_SECOND);
        (event.time, event.time_origin) = (made.time, made.origin);
    }
    Ok(event)
}

/// An event about the notice's charge, with its whole amount.
fn of_charge(notice: &Notice<'_>, kind: EventType) -> Mapped {
    let charge = notice.object;
    let id = text(&charge["id"]);
    let mut event: Event = notice.event(kind, payment_of(charge, id.as_deref()))?;
    event.attempt_id = id;
    event.amount = Some(amount(charge, "amount")?);
    Instrument::of_charge(charge).apply(&mut event);
    Ok(event)
}

/// What was taken. Versions without `amount_captured` state a partial capture as a refund of the rest.
fn taken(charge: &Value) -> Option<i64> {
    let refunded = integer(&charge["amount_refunded"]).unwrap_or(0);
    integer(&charge["amount_captured"]).or_else(|| integer(&charge["amount"])?.checked_sub(refunded))
}

/// What was given back of the money that had been taken.
///
/// After a partial capture `amount_refunded` also holds the rest that was never taken.
fn given_back(charge: &Value) -> Option<i64> {
    let refunded = integer(&charge["amount_refunded"])?;
    let (Some(amount), Some(captured)) = (integer(&charge["amount"]), integer(&charge["amount_captured"])) else {
        return Some(refunded);
    };
    if charge["refunded"] == true {
        return Some(captured);
    }
    let rest = amount
        .checked_sub(captured)
        .filter(|rest| *rest <= refunded)
        .unwrap_or(0);
    refunded.checked_sub(rest)
}
