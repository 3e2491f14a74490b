//! Invoices of subscriptions: no money of their own, but the only link to the conversation.
//!
//! What a subscription's metadata says is copied to its invoices, and from there to no intent and no charge.

use serde_json::Value;

use super::super::delivery::{list, text};
use super::money::figure;
use super::{Notice, Uncounted, Verdict, reference};

/// The links of an invoice's payment; under the invoice's own id where it does not name the payment.
pub(super) fn linked(notice: &Notice<'_>) -> Verdict {
    let invoice = notice.object;
    // Nobody pays an invoice of nothing, as that of a trial.
    if figure(&invoice["amount_due"])?.unwrap_or(0) <= 0 {
        return Err(Uncounted::Ignored);
    }
    let own = text(&invoice["id"]);
    let charge = reference(&invoice["charge"]);
    match intent(invoice).or_else(|| charge.clone()) {
        Some(payment) => {
            let mut event = notice.naming(Some(payment), charge, "amount_due")?;
            event.aliases.extend(own);
            Ok(event)
        }
        None => notice.links(own, None, "amount_due"),
    }
}

/// Since 2025 the only notice that names an invoice and its payment.
pub(super) fn paid(notice: &Notice<'_>) -> Verdict {
    let payment = &notice.object["payment"];
    let charge = reference(&payment["charge"]);
    let id = reference(&payment["payment_intent"]).or_else(|| charge.clone());
    // What was paid outside Stripe has neither.
    let id = id.ok_or(Uncounted::Ignored)?;
    notice.naming(Some(id), charge, "amount_paid")
}

/// The metadata of subscriptions in an invoice, by the API's versions: the present, that from 2023 on, the older.
pub(super) fn subscriptions(invoice: &Value) -> impl Iterator<Item = &Value> {
    let of_invoice = [
        &invoice["parent"]["subscription_details"],
        &invoice["subscription_details"],
    ];
    let lines = list(&invoice["lines"]["data"]);
    of_invoice.into_iter().chain(lines).map(|details| &details["metadata"])
}

/// The intent that pays an invoice: named by it, or among its payments.
fn intent(invoice: &Value) -> Option<String> {
    let payments = list(&invoice["payments"]["data"]).iter();
    let mut named = payments.filter_map(|payment| reference(&payment["payment"]["payment_intent"]));
    reference(&invoice["payment_intent"]).or_else(|| named.next())
}
