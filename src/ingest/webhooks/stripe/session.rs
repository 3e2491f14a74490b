//! Checkout sessions: no money of their own, but often the only link to the conversation.
//!
//! A session's metadata is not copied to its intent. Whether it was paid, and how a payment that takes
//! days ended, the intent and its charge tell.

use super::money::figure;
use super::{Notice, Uncounted, Verdict, reference};
use crate::model::EventType;

/// The links of what the session pays.
pub(super) fn linked(notice: &Notice<'_>) -> Verdict {
    notice.links(Some(payment(notice)?), None, "amount_total")
}

/// The customer never paid: the intent is given up, where the session had one.
pub(super) fn expired(notice: &Notice<'_>) -> Verdict {
    let mut event = notice.links(Some(payment(notice)?), None, "amount_total")?;
    event.kind = EventType::TransactionCancelled;
    notice.stamp.date(&mut event);
    Ok(event)
}

/// What the session pays: an intent, or the first invoice of a subscription. Sessions that set something up, that cost
/// nothing or that nobody paid yet have neither.
fn payment(notice: &Notice<'_>) -> Verdict<String> {
    let session = notice.object;
    let free = figure(&session["amount_total"])? == Some(0);
    let invoice = reference(&session["invoice"]).filter(|_| !free);
    reference(&session["payment_intent"])
        .or(invoice)
        .ok_or(Uncounted::Ignored)
}
