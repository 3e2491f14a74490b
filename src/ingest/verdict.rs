//! What becomes of a genuine notice, in the terms that all providers, the database and the counts of sources use.

use serde_json::json;

use super::codes::codes;
use crate::model::{Event, EventType};

codes! {
    /// Why a notice of a counted type is not counted.
    Reason {
        AmountTooLarge = "amount_too_large", "The amount does not fit into 64 bits of minor units.";
        DetachedCredit = "detached_credit", "A credit that refunds no sale.";
        Doctype = "doctype", "The XML declares a document type, which is never read.";
        InexactAmount = "inexact_amount", "The amount would have to be rounded to the currency's decimals.";
        MalformedXml = "malformed_xml", "The notification is not XML.";
        MixedCurrencies = "mixed_currencies", "The parts of one order are in several currencies.";
        NegativeAmount = "negative_amount", "The amount is negative.";
        NoAmount = "no_amount", "The amount is absent or is not a number.";
        NoAuthorizationId = "no_authorization_id", "The authorization has no id.";
        NoCaptureId = "no_capture_id", "The capture has no id.";
        NoChargeId = "no_charge_id", "The charge is not named.";
        NoChat = "no_chat", "The chat is not named.";
        NoDisputeId = "no_dispute_id", "The dispute has no id.";
        NoNotification = "no_notification", "The XML has no notification in it.";
        NoPaymentId = "no_payment_id", "The payment is not named.";
        NoPerson = "no_person", "The update names no person, such as one of a checkbox plug-in.";
        NoRefundId = "no_refund_id", "The refund has no id.";
        NoSubscriptionId = "no_subscription_id", "The subscription has no id.";
        NotReversed = "not_reversed", "The reversal is pending or was cancelled.";
        NotUtf8 = "not_utf8", "The notification is not UTF-8.";
        NothingCapturable = "nothing_capturable", "Nothing is reserved.";
        NothingGivenBack = "nothing_given_back", "Nothing was refunded, apart from the released rest of a hold.";
        RefundNotSettled = "refund_not_settled", "The refund is not settled yet.";
        RefundPending = "refund_pending", "The refund has not succeeded or failed yet.";
        TooManyNodes = "too_many_nodes", "The XML has more elements than any notification of Braintree.";
        TooManyUpdates = "too_many_updates", "The delivery has more than 10,000 updates.";
        Transferred = "transferred", "The far side of a transfer between accounts, which would count the sale twice.";
        UnknownCurrency = "unknown_currency", "The currency is absent or unknown.";
        UnknownStatus = "unknown_status", "The status of the transaction is unknown.";
        Unreadable = "unreadable", "The body is genuine but cannot be read at all.";
    }
}

/// What becomes of a genuine notice: it is counted, as one or several events, or it is not.
pub type Verdict<T = Event, R = Reason> = Result<T, Uncounted<R>>;

/// What becomes of a genuine notice that is stored but not counted. Its event has the type [`EventType::Other`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncounted<R = Reason> {
    /// Notices of its type are never counted.
    Ignored,
    /// Notices of its type are counted, but this one cannot be; with the reason.
    Quarantined(R),
}

/// Type and reason of a quarantined notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its type; none if the notice could not be read.
    pub notice: Option<String>,
    /// The reason, in one word.
    pub reason: String,
}

/// What became of the notice from which an event was made.
pub fn of(event: &Event) -> Verdict<(), Cause> {
    match (event.kind, &event.reason) {
        (EventType::Other, None) => Err(Uncounted::Ignored),
        (EventType::Other, Some(reason)) => Err(Uncounted::Quarantined(Cause {
            notice: event.notice.clone(),
            reason: reason.clone(),
        })),
        _ => Ok(()),
    }
}

/// What the digest of an uncounted event is made of. It is never read back: earlier versions stored it, and the same
/// notice has to keep its digest.
pub fn text(event: &Event) -> Option<String> {
    match (&event.notice, &event.reason) {
        (None, None) => None,
        (Some(notice), Some(reason)) => Some(json!({ "reason": reason, "type": notice }).to_string()),
        (Some(one), None) | (None, Some(one)) => Some(json!({ "type": one }).to_string()),
    }
}
