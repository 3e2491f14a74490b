//! Subscriptions: what they take comes as sales; only what they fail to take comes as theirs.

use super::super::delivery::text;
use super::amounts::amount;
use super::capture::texts;
use super::{Mapped, Notice, Reason, Uncounted, failure, instrument};
use crate::model::EventType;

/// A failed try. PayPal names no payment for it, so each is one of its own: the subscription's, at that time.
pub(super) fn payment_failed(notice: &Notice<'_>) -> Mapped {
    let subscription = notice.resource;
    let id = text(&subscription["id"]).ok_or(Uncounted::Quarantined(Reason::NoSubscriptionId))?;
    let failed = &subscription["billing_info"]["last_failed_payment"];
    let at = text(&failed["time"]).or_else(|| text(&notice.body["create_time"]));
    let payment_id = format!("{id}:{}", at.as_deref().unwrap_or_default());
    let mut event = notice.event(EventType::TransactionFailed, payment_id, &texts(subscription));
    event.attempt_id = event.payment_id.clone();
    event.amount = Some(amount(&failed["amount"])?);
    failure::of_reason(&mut event, text(&failed["reason_code"]));
    instrument::of(&subscription["subscriber"]).apply(&mut event);
    notice.delivery.stamp_text(at.as_deref()).date(&mut event);
    Ok(vec![event])
}
