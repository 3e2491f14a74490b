//! Refunds: the sum so far from the charge, and each one on its own.

use super::super::delivery::text;
use super::charge::of_charge;
use super::money::{amount, figure, money};
use super::{Notice, Reason, Uncounted, Verdict, hold, payment_of, reference};
use crate::model::{EventType, FailureKind};

/// The sum given back so far. Recent versions no longer list the refunds here.
pub(super) fn so_far(notice: &Notice<'_>) -> Verdict {
    let charge = notice.object;
    if charge["captured"] == false && !hold::has_captures(charge)? {
        // What was never taken is released, not given back.
        return of_charge(notice, EventType::TransactionCancelled);
    }
    let rest = hold::rest(notice)?;
    let back = figure(&charge["amount_refunded"])?.map(|refunded| refunded - rest.unwrap_or(0));
    let back = back
        .filter(|back| *back > 0)
        .ok_or(Uncounted::Quarantined(Reason::NothingGivenBack))?;
    let mut event = of_charge(notice, EventType::TransactionRefunded)?;
    event.amount = Some(money(&notice.delivery, Some(back), &charge["currency"])?);
    event.cumulative = true;
    event.released = hold::released(notice)?;
    // A refund is no try to pay: naming the attempt, it would pass for one that nobody decided.
    event.capture_id = event.attempt_id.take();
    Ok(event)
}

/// One refund: given back, or taken back where it failed or was canceled.
pub(super) fn refund(notice: &Notice<'_>) -> Verdict {
    let refund = notice.object;
    let undone = match refund["status"].as_str() {
        // Refunds of the first years have no status: they were made at once.
        None | Some("succeeded") => false,
        Some("failed" | "canceled") => true,
        // Nothing has gone back yet: another notice follows.
        Some(_) => return Err(Uncounted::Quarantined(Reason::RefundPending)),
    };
    let charge = reference(&refund["charge"]);
    let payment = payment_of(refund, charge.as_deref());
    let mut event = notice.event(EventType::TransactionRefunded, payment, charge.clone())?;
    event.capture_id = charge;
    event.refund_id = Some(text(&refund["id"]).ok_or(Uncounted::Quarantined(Reason::NoRefundId))?);
    event.amount = Some(amount(&notice.delivery, refund, "amount")?);
    if undone {
        event.failure_kind = Some(FailureKind::Technical);
        event.decline_code = text(&refund["failure_reason"]);
    }
    let created = notice.type_name() == "refund.created";
    if !undone && !created && notice.body["data"]["previous_attributes"]["status"].is_null() {
        // Something else changed: the money went back when the refund was made.
        notice.made().date(&mut event);
    }
    Ok(event)
}
