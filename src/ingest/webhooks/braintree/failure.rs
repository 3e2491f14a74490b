//! Whose failure a transaction was, by its status and the processor's code.

use super::xml::Element;
use crate::model::{Event, FailureKind};

/// Why the gateway may refuse without judging the risk.
const NO_RISK: [&str; 3] = ["application_incomplete", "duplicate", "token_issuance"];

/// Writes why a transaction failed.
pub(super) fn explain(event: &mut Event, status: &str, transaction: Element<'_>) {
    let code = transaction.text(match status {
        "gateway_rejected" => "gateway-rejection-reason",
        "settlement_declined" => "processor-settlement-response-code",
        _ => "processor-response-code",
    });
    event.failure_kind = Some(match (status, code) {
        ("settlement_declined", _) => FailureKind::Settlement,
        ("gateway_rejected", Some(reason)) if NO_RISK.contains(&reason) => FailureKind::Technical,
        ("gateway_rejected", _) => FailureKind::Risk,
        (_, Some(code)) if is_issuers(code) => FailureKind::Issuer,
        ("processor_declined", None) => FailureKind::Issuer,
        // 3000 and above: the processor's network did not answer.
        _ => FailureKind::Technical,
    });
    event.decline_code = code.map(str::to_owned);
}

/// 2000 to 2999: the customer's bank declined.
fn is_issuers(code: &str) -> bool {
    code.len() == 4 && code.starts_with('2') && code.bytes().all(|byte| byte.is_ascii_digit())
}
