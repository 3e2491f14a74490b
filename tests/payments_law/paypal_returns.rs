//! PayPal: reversals are parts, refunds wait, sums are per capture, and a dispute may be over several captures.

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

fn captured(second: i64, id: &str, order: &str, value: &str) -> (usize, Vec<u8>) {
    let related = json!({"related_ids": {"order_id": order}});
    let capture = json!({"id": id, "status": "COMPLETED", "amount": usd(value), "supplementary_data": related});
    notice(second, "PAYMENT.CAPTURE.COMPLETED", capture)
}

/// A refund or a reversal.
fn back(id: &str, capture: &str, value: &str, status: &str, so_far: &str) -> Value {
    json!({"id": id, "status": status, "amount": usd(value),
        "seller_payable_breakdown": {"total_refunded_amount": usd(so_far)},
        "links": [{"rel": "up", "href": format!("https://api.paypal.com/v2/payments/captures/{capture}")}]})
}

fn refunded(second: i64, id: &str, capture: &str, value: &str, so_far: &str) -> (usize, Vec<u8>) {
    let kind = "PAYMENT.CAPTURE.REFUNDED";
    notice(second, kind, back(id, capture, value, "COMPLETED", so_far))
}

fn reversed(second: i64, id: &str, capture: &str, value: &str) -> (usize, Vec<u8>) {
    let kind = "PAYMENT.CAPTURE.REVERSED";
    notice(second, kind, back(id, capture, value, "COMPLETED", value))
}

/// Scenarios in which every capture is an approved attempt and the payments and movements are these.
fn holds(
    deliveries: Vec<(usize, Vec<u8>)>,
    attempts: &'static [&'static str],
    payments: &'static [&'static str],
    movements: &'static [&'static str],
) {
    let scenario = Scenario {
        sources: vec![source_with("paypal", "webhook_ids = [\"W1\"]")],
        deliveries,
        payments,
        attempts,
        movements,
    };
    scenario.obeys_the_law();
}

#[test]
fn reversals_are_parts_by_their_own_ids() {
    holds(
        vec![
            // Two parts of one capture.
            captured(0, "CAP1", "ORD1", "20.00"),
            reversed(10, "REV1", "CAP1", "5.00"),
            reversed(11, "REV2", "CAP1", "3.00"),
            // A refund of one capture beside a reversal of another, of the same amount.
            captured(0, "CAP2", "ORD2", "20.00"),
            captured(1, "CAP3", "ORD2", "20.00"),
            refunded(10, "REF2", "CAP2", "20.00", "20.00"),
            reversed(11, "REV3", "CAP3", "20.00"),
            // Of the same capture and amount it is that refund; of two such reversals one is.
            captured(0, "CAP4", "ORD4", "20.00"),
            refunded(10, "REF4", "CAP4", "5.00", "5.00"),
            reversed(11, "REV4", "CAP4", "5.00"),
            reversed(12, "REV5", "CAP4", "5.00"),
            // The same id is the same money, and no capture gives back more than it took.
            captured(0, "CAP6", "ORD6", "9.00"),
            captured(0, "CAP7", "ORD6", "9.00"),
            refunded(10, "REF6", "CAP6", "4.00", "4.00"),
            reversed(11, "REF6", "CAP6", "4.50"),
            reversed(12, "REV7", "CAP6", "9.00"),
        ],
        &[
            "ORD1 CAP1 true -",
            "ORD2 CAP2 true -",
            "ORD2 CAP3 true -",
            "ORD4 CAP4 true -",
            "ORD6 CAP6 true -",
            "ORD6 CAP7 true -",
        ],
        &[
            "ORD1 - partly_refunded USD 0 2000 0 0 800",
            "ORD2 - refunded USD 0 4000 2000 0 2000",
            "ORD4 - partly_refunded USD 0 2000 500 0 500",
            "ORD6 - partly_refunded USD 0 1800 400 0 500",
        ],
        &[
            "ORD1 capture 2000 0",
            "ORD1 reversal 500 10",
            "ORD1 reversal 300 11",
            "ORD2 capture 2000 0",
            "ORD2 capture 2000 1",
            "ORD2 refund 2000 10",
            "ORD2 reversal 2000 11",
            "ORD4 capture 2000 0",
            "ORD4 refund 500 10",
            "ORD4 reversal 500 12",
            "ORD6 capture 900 0",
            "ORD6 capture 900 0",
            "ORD6 refund 400 10",
            "ORD6 reversal 500 12",
        ],
    );
}

#[test]
fn a_refund_that_waits_does_not_count() {
    let told = |second, kind: &str, id: &str, capture: &str, status: &str| {
        notice(second, kind, back(id, capture, "5.00", status, "5.00"))
    };
    holds(
        vec![
            captured(0, "CAP1", "ORD1", "20.00"),
            told(10, "PAYMENT.CAPTURE.REFUNDED", "REF1", "CAP1", "PENDING"),
            told(10, "PAYMENT.REFUND.PENDING", "REF1", "CAP1", "PENDING"),
            told(20, "PAYMENT.REFUND.FAILED", "REF1", "CAP1", "FAILED"),
            captured(0, "CAP2", "ORD2", "20.00"),
            told(10, "PAYMENT.CAPTURE.REFUNDED", "REF2", "CAP2", "PENDING"),
            told(20, "PAYMENT.CAPTURE.REFUNDED", "REF2", "CAP2", "COMPLETED"),
            captured(0, "CAP3", "ORD3", "20.00"),
            told(10, "PAYMENT.CAPTURE.REFUNDED", "REF3", "CAP3", "COMPLETED"),
            told(20, "PAYMENT.CAPTURE.REFUNDED", "REF3", "CAP3", "CANCELLED"),
            // 5.00 wait while 2.00 are done: the sum of 7.00 holds both.
            captured(0, "CAP4", "ORD4", "20.00"),
            told(10, "PAYMENT.REFUND.PENDING", "REF4", "CAP4", "PENDING"),
            refunded(15, "REF5", "CAP4", "2.00", "7.00"),
        ],
        &[
            "ORD1 CAP1 true -",
            "ORD2 CAP2 true -",
            "ORD3 CAP3 true -",
            "ORD4 CAP4 true -",
        ],
        &[
            "ORD1 - captured USD 0 2000 0 0 0",
            "ORD2 - partly_refunded USD 0 2000 500 0 0",
            "ORD3 - captured USD 0 2000 0 0 0",
            "ORD4 - partly_refunded USD 0 2000 200 0 0",
        ],
        &[
            "ORD1 capture 2000 0",
            "ORD2 capture 2000 0",
            "ORD2 refund 500 20",
            "ORD3 capture 2000 0",
            "ORD4 capture 2000 0",
            "ORD4 refund 200 15",
        ],
    );
}

#[test]
fn a_sum_of_refunds_is_that_of_its_capture() {
    holds(
        vec![
            captured(0, "CAP1", "ORD1", "20.00"),
            captured(0, "CAP2", "ORD1", "10.00"),
            // Of the first capture 5.00 went back before, by a notice that was lost.
            refunded(10, "REF1", "CAP2", "6.00", "6.00"),
            refunded(20, "REF2", "CAP1", "2.00", "7.00"),
            // Sums hold reversals, which count on their own.
            captured(0, "CAP3", "ORD3", "20.00"),
            reversed(10, "REV3", "CAP3", "5.00"),
            reversed(11, "REV4", "CAP3", "3.00"),
            refunded(20, "REF3", "CAP3", "2.00", "10.00"),
        ],
        &["ORD1 CAP1 true -", "ORD1 CAP2 true -", "ORD3 CAP3 true -"],
        &[
            "ORD1 - partly_refunded USD 0 3000 1300 0 0",
            "ORD3 - partly_refunded USD 0 2000 200 0 800",
        ],
        &[
            "ORD1 capture 1000 0",
            "ORD1 capture 2000 0",
            "ORD1 refund 600 10",
            "ORD1 refund 700 20",
            "ORD3 capture 2000 0",
            "ORD3 reversal 500 10",
            "ORD3 reversal 300 11",
            "ORD3 refund 200 20",
        ],
    );
}

#[test]
fn a_dispute_over_several_captures_belongs_to_each() {
    let over = |captures: Value, id: &str, value: &str| {
        json!({"dispute_id": id, "dispute_amount": usd(value), "status": "RESOLVED",
            "dispute_life_cycle_stage": "CHARGEBACK", "dispute_outcome": {"outcome_code": "RESOLVED_BUYER_FAVOUR"},
            "disputed_transactions": captures})
    };
    let of = |capture: &str, value: &str| json!({"seller_transaction_id": capture, "gross_amount": usd(value)});
    holds(
        vec![
            captured(0, "CAP1", "ORD1", "20.00"),
            captured(0, "CAP2", "ORD2", "10.00"),
            notice(
                10,
                "CUSTOMER.DISPUTE.RESOLVED",
                over(json!([of("CAP1", "20.00"), of("CAP2", "10.00")]), "PP-1", "30.00"),
            ),
            // The reversal is that dispute's.
            reversed(11, "REV2", "CAP2", "10.00"),
            // Two captures of one order are one dispute of it.
            captured(0, "CAP3", "ORD3", "4.00"),
            captured(0, "CAP4", "ORD3", "6.00"),
            notice(
                10,
                "CUSTOMER.DISPUTE.RESOLVED",
                over(json!([of("CAP3", "4.00"), of("CAP4", "6.00")]), "PP-3", "10.00"),
            ),
        ],
        &[
            "ORD1 CAP1 true -",
            "ORD2 CAP2 true -",
            "ORD3 CAP3 true -",
            "ORD3 CAP4 true -",
        ],
        &[
            "ORD1 - dispute_lost USD 0 2000 0 2000 0",
            "ORD2 - dispute_lost USD 0 1000 0 1000 0",
            "ORD3 - dispute_lost USD 0 1000 0 1000 0",
        ],
        &[
            "ORD1 capture 2000 0",
            "ORD1 chargeback_lost 2000 10",
            "ORD1 chargeback_opened 2000 10",
            "ORD1 dispute_lost 2000 10",
            "ORD2 capture 1000 0",
            "ORD2 chargeback_lost 1000 10",
            "ORD2 chargeback_opened 1000 10",
            "ORD2 dispute_lost 1000 10",
            "ORD3 capture 400 0",
            "ORD3 capture 600 0",
            "ORD3 chargeback_lost 1000 10",
            "ORD3 chargeback_opened 1000 10",
            "ORD3 dispute_lost 1000 10",
        ],
    );
}
