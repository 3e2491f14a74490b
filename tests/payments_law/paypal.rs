//! A sale in the thread that PayPal carries: the thread, refunds and disputes know the capture, the order knows the rest.

use serde_json::{Value, json};

use super::{START, Scenario};
use crate::support::app::{source, source_with};

fn notice(second: i64, kind: &str, resource: Value) -> (usize, Vec<u8>) {
    let at = chrono::DateTime::from_timestamp(START + second, 0)
        .unwrap()
        .to_rfc3339();
    let body = json!({"id": format!("WH-{second}"), "event_type": kind, "create_time": at, "resource": resource});
    (1, body.to_string().into_bytes())
}

fn usd(value: &str) -> Value {
    json!({"currency_code": "USD", "value": value})
}

fn paid(value: &str) -> (usize, Vec<u8>) {
    let at = (START + 13) * 1_000;
    let body = json!({"object": "page", "entry": [{"id": "page", "time": at, "messaging": [{
        "sender": {"id": "anna"}, "recipient": {"id": "page"}, "timestamp": at, "payment": {
            "payload": "shoe", "amount": {"currency": "USD", "amount": value}, "payment_credential":
            {"provider_type": "paypal", "charge_id": "CAP2", "fb_payment_id": "77"}}}]}]});
    (0, body.to_string().into_bytes())
}

fn capture(id: &str, value: &str, more: Value) -> Value {
    let mut capture = json!({"id": id, "status": "COMPLETED", "amount": usd(value),
        "supplementary_data": {"related_ids": {"order_id": "ORD1"}}});
    capture
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    capture
}

fn refund(id: &str, value: &str, so_far: &str) -> Value {
    json!({"id": id, "status": "COMPLETED", "amount": usd(value),
        "seller_payable_breakdown": {"total_refunded_amount": usd(so_far)},
        "links": [{"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAP2"}]})
}

fn dispute(stage: &str, more: Value) -> Value {
    let mut dispute = json!({"dispute_id": "PP-D-1", "status": "OPEN", "dispute_amount": usd("17.00"),
        "dispute_life_cycle_stage": stage, "disputed_transactions": [{"seller_transaction_id": "CAP2"}]});
    dispute
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    dispute
}

fn sources() -> Vec<botledger::config::Source> {
    vec![
        source("messenger", &["secret"]),
        source_with("paypal", "webhook_ids = [\"W1\"]"),
    ]
}

#[test]
fn a_declined_and_a_paid_try_with_refunds_and_a_won_dispute_are_one_payment() {
    let declined = json!({"status": "DECLINED", "processor_response": {"response_code": "5120"}});
    let unit = |captures: Value| json!([{"amount": usd("20.00"), "payments": {"captures": captures}}]);
    let order = |units: Value| json!({"id": "ORD1", "purchase_units": units});
    let scenario = Scenario {
        sources: sources(),
        deliveries: vec![
            paid("20.00"),
            notice(0, "CHECKOUT.ORDER.APPROVED", order(unit(json!([])))),
            notice(5, "PAYMENT.CAPTURE.DECLINED", capture("CAP1", "20.00", declined)),
            notice(9, "PAYMENT.CAPTURE.PENDING", capture("CAP2", "20.00", json!({}))),
            notice(10, "PAYMENT.CAPTURE.COMPLETED", capture("CAP2", "20.00", json!({}))),
            notice(
                11,
                "CHECKOUT.ORDER.COMPLETED",
                order(unit(json!([capture("CAP2", "20.00", json!({}))]))),
            ),
            notice(20, "PAYMENT.CAPTURE.REFUNDED", refund("REF1", "1.00", "1.00")),
            notice(21, "PAYMENT.CAPTURE.REFUNDED", refund("REF2", "2.00", "3.00")),
            notice(30, "CUSTOMER.DISPUTE.CREATED", dispute("INQUIRY", json!({}))),
            notice(31, "CUSTOMER.DISPUTE.UPDATED", dispute("CHARGEBACK", json!({}))),
            notice(
                40,
                "CUSTOMER.DISPUTE.RESOLVED",
                dispute(
                    "CHARGEBACK",
                    json!({"dispute_outcome": {"outcome_code": "RESOLVED_SELLER_FAVOUR"}}),
                ),
            ),
        ],
        payments: &["ORD1 page partly_refunded USD 0 2000 300 0 0"],
        attempts: &["ORD1 CAP1 false issuer", "ORD1 CAP2 true -"],
        movements: &[
            "ORD1 capture 2000 10",
            "ORD1 refund 100 20",
            "ORD1 refund 200 21",
            "ORD1 chargeback_opened 1700 31",
            "ORD1 chargeback_won 1700 40",
        ],
    };
    scenario.obeys_the_law();
}

#[test]
fn a_refund_whose_notice_was_lost_is_in_the_sum_of_the_next() {
    let scenario = Scenario {
        sources: sources(),
        deliveries: vec![
            notice(10, "PAYMENT.CAPTURE.COMPLETED", capture("CAP2", "20.00", json!({}))),
            notice(21, "PAYMENT.CAPTURE.REFUNDED", refund("REF2", "2.00", "3.00")),
        ],
        payments: &["ORD1 - partly_refunded USD 0 2000 300 0 0"],
        attempts: &["ORD1 CAP2 true -"],
        movements: &["ORD1 capture 2000 10", "ORD1 refund 300 21"],
    };
    scenario.obeys_the_law();
}

#[test]
fn an_authorization_is_one_attempt_with_all_its_captures() {
    let related = json!({"supplementary_data": {"related_ids": {"authorization_id": "AUTH1", "order_id": "ORD1"}}});
    // This one knows its authorization only, and that knows the order.
    let up = json!({"supplementary_data": null,
        "links": [{"rel": "up", "href": "https://api.paypal.com/v2/payments/authorizations/AUTH1"}]});
    let scenario = Scenario {
        sources: sources(),
        deliveries: vec![
            notice(
                1,
                "PAYMENT.AUTHORIZATION.CREATED",
                capture("AUTH1", "30.00", json!({"status": "CREATED"})),
            ),
            notice(10, "PAYMENT.CAPTURE.COMPLETED", capture("CAP2", "20.00", related)),
            notice(11, "PAYMENT.CAPTURE.COMPLETED", capture("CAP3", "5.00", up)),
            notice(20, "PAYMENT.CAPTURE.REVERSED", refund("REF1", "20.00", "20.00")),
        ],
        payments: &["ORD1 - partly_refunded USD 3000 2500 0 0 2000"],
        attempts: &["ORD1 AUTH1 true -"],
        movements: &["ORD1 capture 2000 10", "ORD1 capture 500 11", "ORD1 reversal 2000 20"],
    };
    scenario.obeys_the_law();
}
