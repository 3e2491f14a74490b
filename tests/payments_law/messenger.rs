//! A sale in the thread: Messenger knows the person and the charge, Stripe the intent and what came after.

use serde_json::{Value, json};

use super::{START, Scenario};
use crate::support::app::source;

fn notice(second: i64, kind: &str, object: Value) -> (usize, Vec<u8>) {
    let body = json!({"id": format!("evt_{second}"), "object": "event", "type": kind, "created": START + second,
        "livemode": true, "data": {"object": object}});
    (1, body.to_string().into_bytes())
}

/// Messenger's own figure is larger than what was taken in the end: the two never add up.
fn paid() -> (usize, Vec<u8>) {
    let at = (START + 12) * 1_000;
    let body = json!({"object": "page", "entry": [{"id": "page", "time": at, "messaging": [{
        "sender": {"id": "anna"}, "recipient": {"id": "page"}, "timestamp": at, "payment": {
            "payload": "shoe", "amount": {"currency": "USD", "amount": "29.62"}, "payment_credential":
            {"provider_type": "stripe", "charge_id": "ch_1", "fb_payment_id": "77"}}}]}]});
    (0, body.to_string().into_bytes())
}

#[test]
fn a_sale_in_the_thread_is_one_payment_with_its_refund_and_dispute() {
    let charge = |refunded: i64| {
        json!({"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "amount": 2_962, "amount_captured": 2_962,
            "amount_refunded": refunded, "captured": true, "refunded": false, "currency": "usd",
            "payment_method_details": {"type": "card", "card": {"brand": "mastercard"}}})
    };
    let of_charge = |id: &str, amount: i64, status: &str| json!({"id": id, "charge": "ch_1", "amount": amount, "currency": "usd", "status": status});
    let intent = json!({"id": "pi_1", "object": "payment_intent", "amount": 2_962, "amount_received": 2_962,
        "currency": "usd", "latest_charge": "ch_1"});
    let scenario = Scenario {
        sources: vec![source("messenger", &["secret"]), source("stripe", &["whsec_test"])],
        deliveries: vec![
            paid(),
            notice(
                0,
                "payment_intent.created",
                json!({"id": "pi_1", "amount": 2_962, "currency": "usd"}),
            ),
            notice(10, "charge.succeeded", charge(0)),
            notice(11, "payment_intent.succeeded", intent),
            notice(20, "refund.created", of_charge("re_1", 1_000, "succeeded")),
            notice(21, "charge.refunded", charge(1_000)),
            notice(30, "charge.dispute.created", of_charge("dp_1", 1_962, "needs_response")),
        ],
        payments: &["pi_1 page disputed USD 0 2962 1000 0 0"],
        attempts: &["pi_1 ch_1 true -"],
        movements: &[
            "pi_1 capture 2962 10",
            "pi_1 refund 1000 20",
            "pi_1 chargeback_opened 1962 30",
        ],
    };
    scenario.obeys_the_law();
}
