//! Checkout sessions: no money of their own, but often the only link to the conversation.
//!
//! A session's metadata is not copied to its intent. Whether it was paid, and how a payment that takes
//! days ended, the intent and its charge tell.

use super::{Mapped, Notice, Uncounted, reference};
use crate::model::EventType;

/// The links of the session's intent.
pub(super) fn linked(notice: &Notice<'_>) -> Mapped {
    notice.links(Some(intent(notice)?), None, "amount_total")
}

/// The customer never paid: the intent is given up, where the session had one.
pub(super) fn expired(notice: &Notice<'_>) -> Mapped {
    let mut event = notice.links(Some(intent(notice)?), None, "amount_total")?;
    event.kind = EventType::TransactionCancelled;
    (event.time, event.time_origin) = (notice.stamp.time, notice.stamp.origin);
    Ok(event)
}

/// Sessions that set something up, or that nobody paid yet, have no intent.
fn intent(notice: &Notice<'_>) -> Result<String, Uncounted> {
    reference(&notice.object["payment_intent"]).ok_or(Uncounted::Type)
}
