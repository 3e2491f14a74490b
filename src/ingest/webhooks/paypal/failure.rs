//! Whose failure an attempt was: from the processor's answer, else from PayPal's own reason.

use serde_json::Value;

use super::super::delivery::text;
use super::super::networks::slug;
use crate::model::{Event, FailureKind};

/// First two characters of the processor's answers by which something broke or was asked wrongly.
const BROKEN: [&str; 8] = ["08", "13", "78", "79", "80", "81", "82", "96"];

/// The processor's answers by which fraud is suspected.
const SUSPECTED: [&str; 2] = ["9500", "9510"];

/// PayPal's reasons by which its rules, or the merchant's, refuse.
const RISK: [&str; 4] = [
    "declined_by_risk_fraud_filters",
    "pending_review",
    "payee_account_restricted",
    "payer_account_restricted",
];

/// PayPal's reasons that lie with the merchant's account or with PayPal itself.
const TECHNICAL: [&str; 7] = [
    "currency_mismatch",
    "internal_server_error",
    "receiving_preference_mandates_manual_action",
    "timed_out",
    "transaction_receiving_limit_exceeded",
    "unilateral",
    "verification_required",
];

/// PayPal's reasons by which the customer's bank or card says no.
const ISSUER: [&str; 3] = ["payer_cannot_pay", "payment_denied", "sending_limit_exceeded"];

/// Writes why a capture, an authorization or a sale failed.
pub(super) fn of_resource(event: &mut Event, resource: &Value) {
    if let Some(answer) = text(&resource["processor_response"]["response_code"]) {
        event.failure_kind = Some(of_answer(&answer));
        event.decline_code = Some(answer);
        return;
    }
    let reason = text(&resource["status_details"]["reason"]).or_else(|| text(&resource["reason_code"]));
    of_reason(event, reason);
}

/// Writes one of PayPal's own reasons. One that says nothing of whose failure it was leaves that open.
pub(super) fn of_reason(event: &mut Event, reason: Option<String>) {
    let reason = reason.map(|reason| slug(&reason));
    event.failure_kind = match reason.as_deref().unwrap_or_default() {
        reason if RISK.contains(&reason) => Some(FailureKind::Risk),
        reason if TECHNICAL.contains(&reason) => Some(FailureKind::Technical),
        reason if ISSUER.contains(&reason) => Some(FailureKind::Issuer),
        // A bank takes days to refuse it.
        "echeck" => Some(FailureKind::Settlement),
        _ => None,
    };
    event.decline_code = reason;
}

fn of_answer(answer: &str) -> FailureKind {
    if SUSPECTED.contains(&answer) {
        FailureKind::Risk
    } else if BROKEN.iter().any(|prefix| answer.starts_with(prefix)) {
        FailureKind::Technical
    } else {
        FailureKind::Issuer
    }
}
