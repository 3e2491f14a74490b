//! PayPal's orders: declined, reserved, taken in part and refunded; reversals beside what they repeat.

use serde_json::{Value, json};

use super::{START, Scenario};
use crate::support::app::source_with;

fn notice(second: i64, kind: &str, resource: Value) -> (usize, Vec<u8>) {
    let time = chrono::DateTime::from_timestamp(START + second, 0).unwrap();
    let id = resource["id"].as_str().or(resource["dispute_id"].as_str()).unwrap();
    let body = json!({"id": format!("WH-{second}-{id}"), "event_type": kind, "create_time": time.to_rfc3339(),
        "resource": resource});
    (0, body.to_string().into_bytes())
}

fn usd(value: &str) -> Value {
    json!({"value": value, "currency_code": "USD"})
}

fn part(id: &str, value: &str, related: Value) -> Value {
    json!({"id": id, "amount": usd(value), "supplementary_data": {"related_ids": related}})
}

/// A refund knows its capture by a link only.
fn refund(id: &str, capture: &str, value: &str, so_far: &str) -> Value {
    json!({"id": id, "status": "COMPLETED", "amount": usd(value),
        "seller_payable_breakdown": {"total_refunded_amount": usd(so_far)},
        "links": [{"rel": "up", "href": format!("https://api.paypal.com/v2/payments/captures/{capture}")}]})
}

fn dispute(capture: &str, value: &str, stage: &str, outcome: Option<&str>) -> Value {
    let mut dispute = json!({"dispute_id": format!("PP-D-{capture}"), "dispute_amount": usd(value),
        "dispute_life_cycle_stage": stage, "disputed_transactions": [{"seller_transaction_id": capture}]});
    if let Some(outcome) = outcome {
        dispute["status"] = json!("RESOLVED");
        dispute["dispute_outcome"] = json!({"outcome_code": outcome});
    }
    dispute
}

/// Declined twice, approved, reserved, taken in part; refunded twice, where the first refund's own notice
/// was lost; disputed and won.
fn hard_won() -> Vec<(usize, Vec<u8>)> {
    let of_order = || json!({"order_id": "ORDER1"});
    let reserved = json!({"order_id": "ORDER1", "authorization_id": "AUTH1"});
    let order = json!({"id": "ORDER1", "purchase_units": [{"amount": usd("30.00"),
        "custom_id": "platform=messenger&bot_id=shop&conversation_id=shop:anna"}]});
    vec![
        notice(0, "CHECKOUT.ORDER.APPROVED", order),
        notice(10, "PAYMENT.CAPTURE.DECLINED", part("CAPA", "30.00", of_order())),
        notice(20, "PAYMENT.CAPTURE.DENIED", part("CAPB", "30.00", of_order())),
        notice(40, "PAYMENT.AUTHORIZATION.CREATED", part("AUTH1", "30.00", of_order())),
        notice(50, "PAYMENT.CAPTURE.COMPLETED", part("CAP1", "25.00", reserved)),
        // 5.00 went back before, of which no other notice tells.
        notice(70, "PAYMENT.CAPTURE.REFUNDED", refund("REF2", "CAP1", "7.00", "12.00")),
        notice(80, "CUSTOMER.DISPUTE.CREATED", dispute("CAP1", "8.00", "INQUIRY", None)),
        notice(
            85,
            "CUSTOMER.DISPUTE.UPDATED",
            dispute("CAP1", "8.00", "CHARGEBACK", None),
        ),
        notice(
            90,
            "CUSTOMER.DISPUTE.RESOLVED",
            dispute("CAP1", "8.00", "CHARGEBACK", Some("RESOLVED_SELLER_FAVOUR")),
        ),
    ]
}

/// Taken back by the bank, refunded by its own clock before it was taken, and an order that nobody completed.
fn others() -> Vec<(usize, Vec<u8>)> {
    let reversal = refund("REV1", "CAP2", "-9.00", "9.00");
    let given_up = json!({"id": "ORDER4", "order_id": "ORDER4", "purchase_units": [{"amount": usd("1.00")}]});
    vec![
        notice(
            10,
            "PAYMENT.CAPTURE.COMPLETED",
            part("CAP2", "9.00", json!({"order_id": "ORDER2"})),
        ),
        notice(20, "PAYMENT.CAPTURE.REVERSED", reversal),
        notice(
            30,
            "CUSTOMER.DISPUTE.RESOLVED",
            dispute("CAP2", "9.00", "CHARGEBACK", Some("RESOLVED_BUYER_FAVOUR")),
        ),
        notice(10, "PAYMENT.CAPTURE.REFUNDED", refund("REF3", "CAP3", "2.50", "2.50")),
        notice(12, "PAYMENT.CAPTURE.COMPLETED", part("CAP3", "2.50", json!({}))),
        notice(5, "CHECKOUT.PAYMENT-APPROVAL.REVERSED", given_up),
    ]
}

#[test]
fn no_order_of_arrival_changes_an_order_of_paypal() {
    let scenario = Scenario {
        sources: vec![source_with("paypal", "webhook_ids = [\"1AB23456CD789012E\"]")],
        deliveries: [hard_won(), others()].concat(),
        payments: &[
            "CAP3 - refunded USD 0 250 250 0 0",
            "ORDER1 shop partly_refunded USD 3000 2500 1200 0 0",
            "ORDER2 - dispute_lost USD 0 900 0 900 0",
            "ORDER4 - cancelled USD 0 0 0 0 0",
        ],
        attempts: &[
            "CAP3 CAP3 true -",
            "ORDER1 CAPA false issuer",
            "ORDER1 CAPB false issuer",
            "ORDER1 AUTH1 true -",
            "ORDER2 CAP2 true -",
        ],
        movements: &[
            "CAP3 refund 250 10",
            "CAP3 capture 250 12",
            "ORDER1 capture 2500 50",
            "ORDER1 refund 1200 70",
            "ORDER1 chargeback_opened 800 85",
            "ORDER1 chargeback_won 800 90",
            "ORDER2 capture 900 10",
            "ORDER2 chargeback_lost 900 30",
            "ORDER2 chargeback_opened 900 30",
            "ORDER2 dispute_lost 900 30",
        ],
    };
    scenario.obeys_the_law();
}
