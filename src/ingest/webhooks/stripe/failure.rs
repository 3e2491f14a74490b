//! Whose failure an attempt was, from a charge's outcome or an intent's last error.

use serde_json::Value;

use super::super::delivery::text;
use super::instrument;
use crate::model::{Event, FailureKind};

/// Codes by which something broke on the way, whoever passed them on.
const TECHNICAL: [&str; 7] = [
    "api_error",
    "issuer_not_available",
    "processing_error",
    "rate_limit",
    "reenter_transaction",
    "try_again_later",
    "payment_method_provider_timeout",
];

/// Codes by which Stripe's or the merchant's own rules refuse.
const RISK: [&str; 6] = [
    "elevated_risk_level",
    "fraudulent",
    "highest_risk_level",
    "merchant_blacklist",
    "rule",
    "blocked",
];

/// Codes by which the customer went away.
const ABANDONED: [&str; 2] = [
    "payment_intent_payment_attempt_expired",
    "payment_method_customer_decline",
];

/// Writes why a charge failed: the reason of its outcome, else its failure code.
pub(super) fn of_charge(event: &mut Event, charge: &Value) {
    let outcome = &charge["outcome"];
    let code = text(&outcome["reason"]).or_else(|| text(&charge["failure_code"]));
    let technical = code.as_deref().is_some_and(|code| TECHNICAL.contains(&code));
    event.failure_kind = Some(match outcome["type"].as_str() {
        Some("blocked") => FailureKind::Risk,
        Some("invalid") => FailureKind::Technical,
        // Issuers suspect fraud too: the decision is theirs, unless something broke on the way.
        Some("issuer_declined") if !technical => FailureKind::Issuer,
        _ => kind(code.as_deref(), instrument::of_charge(charge).is_bank()),
    });
    event.decline_code = code;
}

/// Writes why an intent's last attempt failed.
pub(super) fn of_error(event: &mut Event, error: &Value) {
    let code = text(&error["decline_code"]).or_else(|| text(&error["code"]));
    let bank = instrument::of_details(&error["payment_method"]).is_bank();
    let broken = error["type"] == "api_error";
    event.failure_kind = Some(if broken {
        FailureKind::Technical
    } else {
        kind(code.as_deref(), bank)
    });
    event.decline_code = code;
}

fn kind(code: Option<&str>, bank: bool) -> FailureKind {
    match code.unwrap_or_default() {
        code if TECHNICAL.contains(&code) => FailureKind::Technical,
        code if RISK.contains(&code) => FailureKind::Risk,
        code if ABANDONED.contains(&code) => FailureKind::Abandoned,
        // Nobody approves a bank debit at once: it comes back when it is settled.
        _ if bank => FailureKind::Settlement,
        _ => FailureKind::Issuer,
    }
}
