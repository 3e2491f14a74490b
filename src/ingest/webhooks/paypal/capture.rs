//! Authorizations, captures and their reversals and refunds; sales are captures of the older interface.

use serde_json::Value;

use super::super::delivery::text;
use super::amounts::{amount, given_back};
use super::names::Names;
use super::{Mapped, Notice, Reason, Uncounted, Verdict, failure, instrument};
use crate::model::{Event, EventType, FailureKind};

/// Money reserved for a later capture, if nobody has to look at it first.
pub(super) fn authorization(notice: &Notice<'_>) -> Mapped {
    let kind = match state(notice.resource).as_str() {
        "PENDING" => EventType::TransactionInitiated,
        "DENIED" => EventType::TransactionFailed,
        _ => EventType::TransactionAuthorized,
    };
    let names = of_authorization(notice)?;
    let mut event = event(notice, kind, &names)?;
    event.attempt_id = names.authorization;
    instrument::of(notice.resource).apply(&mut event);
    if kind == EventType::TransactionFailed {
        failure::of_resource(&mut event, notice.resource);
    }
    Ok(vec![event])
}

/// A reservation that is released, by the merchant or by time. That is no attempt.
pub(super) fn voided(notice: &Notice<'_>) -> Mapped {
    let names = of_authorization(notice)?;
    Ok(vec![event(notice, EventType::TransactionCancelled, &names)?])
}

/// Money on its way: an electronic cheque, a review, an account that cannot take it yet.
pub(super) fn pending(notice: &Notice<'_>) -> Mapped {
    Ok(vec![attempt(notice, EventType::TransactionInitiated)?])
}

/// Money taken. Each capture of an authorization has an id and an amount of its own.
pub(super) fn completed(notice: &Notice<'_>) -> Mapped {
    let mut event = attempt(notice, EventType::TransactionCaptured)?;
    event.capture_id = text(&notice.resource["id"]);
    Ok(vec![event])
}

/// An attempt that failed.
pub(super) fn denied(notice: &Notice<'_>) -> Mapped {
    let mut event = attempt(notice, EventType::TransactionFailed)?;
    failure::of_resource(&mut event, notice.resource);
    Ok(vec![event])
}

/// One refund; and, where more of its capture has gone back before, the sum so far, should a notice of that be lost.
pub(super) fn refunded(notice: &Notice<'_>) -> Mapped {
    let refund = notice.resource;
    let mut one = going_back(notice, EventType::TransactionRefunded)?;
    one.refund_id = Some(text(&refund["id"]).ok_or(Uncounted::Quarantined(Reason::NoRefundId))?);
    let this = given_back(&refund["amount"])?;
    one.amount = Some(this);
    match done(notice) {
        Done::Yes => {}
        Done::NotYet => {
            one.pending = true;
            return Ok(vec![one]);
        }
        // The money never left, or came back.
        Done::Failed => {
            one.failure_kind = Some(FailureKind::Technical);
            return Ok(vec![one]);
        }
    }
    let so_far = &refund["seller_payable_breakdown"]["total_refunded_amount"];
    let so_far = given_back(so_far).ok();
    let more = so_far.filter(|sum| sum.currency == this.currency && sum.minor > this.minor);
    let sum = more.map(|sum| Event {
        id: format!("{}:total", one.id),
        refund_id: None,
        amount: Some(sum),
        cumulative: true,
        ..one.clone()
    });
    Ok([Some(one), sum].into_iter().flatten().collect())
}

/// Money that PayPal or the bank has taken back. Parts of a capture may go one after the other, each with its own id.
pub(super) fn reversed(notice: &Notice<'_>) -> Mapped {
    let reversal = notice.resource;
    let mut event = going_back(notice, EventType::TransactionReversed)?;
    event.refund_id = text(&reversal["id"]).filter(|id| event.capture_id.as_ref() != Some(id));
    event.amount = Some(given_back(&reversal["amount"])?);
    match done(notice) {
        Done::Yes => Ok(vec![event]),
        Done::NotYet | Done::Failed => Err(Uncounted::Quarantined(Reason::NotReversed)),
    }
}

fn going_back(notice: &Notice<'_>, kind: EventType) -> Verdict {
    let names = Names::of(notice.resource);
    let mut event = notice.event(kind, names.payment()?, &texts(notice.resource));
    names.state_aliases(&mut event);
    event.capture_id = names.capture;
    Ok(event)
}

/// Whether money has gone back.
enum Done {
    Yes,
    NotYet,
    Failed,
}

/// By the notice's type where that says it, else by the state of the refund or reversal.
fn done(notice: &Notice<'_>) -> Done {
    let told = notice.type_name().strip_prefix("PAYMENT.REFUND.");
    let state = state(notice.resource);
    let is = |word: &str| state == word || told == Some(word);
    if is("FAILED") || is("CANCELLED") {
        Done::Failed
    } else if is("PENDING") {
        Done::NotYet
    } else {
        Done::Yes
    }
}

/// The texts of a resource in which a bot may have written its links.
pub(super) fn texts(resource: &Value) -> [&Value; 4] {
    ["custom_id", "custom", "invoice_id", "invoice_number"].map(|name| &resource[name])
}

/// The state of a resource in capitals; the older interface writes it small, under another name.
pub(super) fn state(resource: &Value) -> String {
    let stated = text(&resource["status"]).or_else(|| text(&resource["state"]));
    stated.unwrap_or_default().to_ascii_uppercase()
}

fn of_authorization(notice: &Notice<'_>) -> Verdict<Names> {
    let id = text(&notice.resource["id"]).ok_or(Uncounted::Quarantined(Reason::NoAuthorizationId))?;
    Ok(Names {
        authorization: Some(id),
        capture: None,
        ..Names::of(notice.resource)
    })
}

/// A try to take money. Captures of an authorization are parts of the try that it was.
fn attempt(notice: &Notice<'_>, kind: EventType) -> Verdict {
    let id = text(&notice.resource["id"]).ok_or(Uncounted::Quarantined(Reason::NoCaptureId))?;
    let names = Names {
        capture: Some(id.clone()),
        ..Names::of(notice.resource)
    };
    let mut event = event(notice, kind, &names)?;
    event.attempt_id = names.authorization.or(Some(id));
    instrument::of(notice.resource).apply(&mut event);
    Ok(event)
}

fn event(notice: &Notice<'_>, kind: EventType, names: &Names) -> Verdict {
    let mut event = notice.event(kind, names.payment()?, &texts(notice.resource));
    names.state_aliases(&mut event);
    event.amount = Some(amount(&notice.resource["amount"])?);
    Ok(event)
}
