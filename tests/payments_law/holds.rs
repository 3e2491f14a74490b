//! Stripe: what is released is no refund, each capture has its day, and a refund that failed is only in earlier sums.

use serde_json::{Value, json};

use super::{START, Scenario};
use crate::support::app::source;

const OLD: &str = "2025-02-24.acacia";
const NEW: &str = "2025-03-31.basil";

fn notice(version: &str, second: i64, kind: &str, object: Value) -> (usize, Vec<u8>) {
    let id = format!(
        "evt_{second}_{kind}_{}_{}",
        object["id"].as_str().unwrap(),
        object["amount_refunded"]
    );
    let before = if kind == "charge.updated" {
        json!({"amount_captured": 0})
    } else {
        json!({})
    };
    let body = json!({"id": id, "object": "event", "api_version": version, "type": kind, "created": START + second,
        "livemode": true, "data": {"object": object, "previous_attributes": before}});
    (0, body.to_string().into_bytes())
}

/// A charge of an intent of the same name.
fn charge(name: &str, amount: i64, captured: i64, refunded: i64) -> Value {
    json!({"id": format!("ch_{name}"), "object": "charge", "payment_intent": format!("pi_{name}"), "amount": amount,
        "amount_captured": captured, "amount_refunded": refunded, "captured": captured > 0, "refunded": false,
        "currency": "usd"})
}

/// The same while more may be captured.
fn open(name: &str, amount: i64, captured: i64, refunded: i64) -> Value {
    let mut charge = charge(name, amount, captured, refunded);
    charge["captured"] = json!(false);
    charge
}

/// Of a version that does not yet say how much was captured.
fn short(name: &str, amount: i64, refunded: i64) -> Value {
    let mut charge = charge(name, amount, amount, refunded);
    charge["amount_captured"] = Value::Null;
    charge
}

fn refund(id: &str, name: &str, amount: i64, status: &str, second: i64) -> Value {
    json!({"id": id, "object": "refund", "charge": format!("ch_{name}"), "amount": amount, "currency": "usd",
        "status": status, "created": START + second})
}

fn intent(name: &str, amount: i64, received: i64) -> Value {
    json!({"id": format!("pi_{name}"), "object": "payment_intent", "amount": amount, "amount_received": received,
        "currency": "usd", "latest_charge": format!("ch_{name}"), "status": "succeeded"})
}

fn holds() -> Scenario {
    let told = |deliveries: &[(usize, Vec<u8>)]| deliveries.to_vec();
    Scenario {
        sources: vec![source("stripe", &["whsec_test"])],
        deliveries: [
            // Released as a refund of 4.00; much later 4.00 of the 6.00 are given back.
            told(&[
                notice(OLD, 0, "charge.succeeded", open("a", 1_000, 0, 0)),
                notice(OLD, 500, "charge.captured", charge("a", 1_000, 600, 400)),
                notice(OLD, 501, "payment_intent.succeeded", intent("a", 1_000, 600)),
                notice(
                    OLD,
                    501,
                    "refund.created",
                    refund("re_rest", "a", 400, "succeeded", 500),
                ),
                notice(OLD, 501, "charge.refunded", charge("a", 1_000, 600, 400)),
                notice(
                    OLD,
                    800,
                    "charge.refund.updated",
                    refund("re_rest", "a", 400, "succeeded", 500),
                ),
                notice(
                    OLD,
                    900,
                    "refund.created",
                    refund("re_true", "a", 400, "succeeded", 900),
                ),
                notice(OLD, 900, "charge.refunded", charge("a", 1_000, 600, 800)),
            ]),
            // No refund, and a true one of the very amount of the rest.
            told(&[
                notice(NEW, 500, "charge.captured", charge("b", 1_000, 600, 0)),
                notice(NEW, 501, "payment_intent.succeeded", intent("b", 1_000, 600)),
                notice(NEW, 520, "refund.created", refund("re_b", "b", 400, "succeeded", 520)),
                notice(NEW, 520, "charge.refunded", charge("b", 1_000, 600, 400)),
            ]),
            // Captured by a newer version than the one of the notices: the figures show that nothing was released.
            told(&[
                notice(OLD, 500, "charge.captured", charge("c", 1_000, 600, 0)),
                notice(OLD, 501, "payment_intent.succeeded", intent("c", 1_000, 600)),
                notice(OLD, 900, "charge.refunded", charge("c", 1_000, 600, 500)),
            ]),
            // The intent alone tells of the capture.
            told(&[
                notice(OLD, 500, "payment_intent.succeeded", intent("d", 1_000, 600)),
                notice(OLD, 500, "refund.created", refund("re_d", "d", 400, "succeeded", 500)),
            ]),
            // Of the first years: only the capture says how much of the sum was released.
            told(&[
                notice("2014-01-31", 500, "charge.captured", short("e", 1_000, 400)),
                notice("2014-01-31", 900, "charge.refunded", short("e", 1_000, 900)),
            ]),
            // More was taken than reserved.
            told(&[
                notice(NEW, 500, "charge.captured", charge("f", 1_000, 1_200, 0)),
                notice(NEW, 900, "charge.refunded", charge("f", 1_000, 1_200, 300)),
            ]),
            // Released whole, of which only the refund tells.
            told(&[
                notice(OLD, 0, "charge.succeeded", open("g", 900, 0, 0)),
                notice(OLD, 500, "refund.created", refund("re_g", "g", 900, "succeeded", 500)),
            ]),
        ]
        .concat(),
        payments: &[
            "pi_a - partly_refunded USD 1000 600 400 0 0",
            "pi_b - partly_refunded USD 0 600 400 0 0",
            "pi_c - partly_refunded USD 0 600 500 0 0",
            "pi_d - captured USD 0 600 0 0 0",
            "pi_e - partly_refunded USD 0 600 500 0 0",
            "pi_f - partly_refunded USD 0 1200 300 0 0",
            "pi_g - authorized USD 900 0 0 0 0",
        ],
        attempts: &[
            "pi_a ch_a true -",
            "pi_b ch_b true -",
            "pi_c ch_c true -",
            "pi_d ch_d true -",
            "pi_e ch_e true -",
            "pi_f ch_f true -",
            "pi_g ch_g true -",
        ],
        movements: &[
            "pi_a capture 600 500",
            "pi_a refund 400 900",
            "pi_b capture 600 500",
            "pi_b refund 400 520",
            "pi_c capture 600 500",
            "pi_c refund 500 900",
            "pi_d capture 600 500",
            "pi_e capture 600 500",
            "pi_e refund 500 900",
            "pi_f capture 1200 500",
            "pi_f refund 300 900",
        ],
    }
}

#[test]
fn a_released_hold_is_no_refund_in_any_version() {
    holds().obeys_the_law();
}

#[test]
fn each_of_several_captures_counts_at_its_own_notice() {
    let scenario = Scenario {
        sources: vec![source("stripe", &["whsec_test"])],
        deliveries: vec![
            notice(NEW, 0, "charge.succeeded", open("m", 10_000, 0, 0)),
            notice(NEW, 100, "charge.updated", open("m", 10_000, 3_000, 0)),
            // Some of the first part goes back before the rest is taken.
            notice(NEW, 150, "charge.refunded", open("m", 10_000, 3_000, 500)),
            notice(NEW, 200, "charge.updated", open("m", 10_000, 4_500, 500)),
            notice(NEW, 300, "charge.captured", charge("m", 10_000, 9_000, 500)),
            notice(NEW, 300, "payment_intent.succeeded", intent("m", 10_000, 9_000)),
            // The last part may be told by an update alone.
            notice(NEW, 10, "charge.updated", open("n", 2_000, 700, 0)),
            notice(NEW, 20, "charge.updated", charge("n", 2_000, 2_000, 0)),
            // The intent tells of each part too, and may be the only one who does.
            notice(
                NEW,
                10,
                "payment_intent.amount_capturable_updated",
                intent("n", 2_000, 700),
            ),
            notice(
                NEW,
                10,
                "payment_intent.amount_capturable_updated",
                intent("o", 900, 300),
            ),
            notice(NEW, 20, "payment_intent.succeeded", intent("o", 900, 900)),
        ],
        payments: &[
            "pi_m - partly_refunded USD 10000 9000 500 0 0",
            "pi_n - captured USD 0 2000 0 0 0",
            "pi_o - captured USD 0 900 0 0 0",
        ],
        attempts: &["pi_m ch_m true -", "pi_n ch_n true -", "pi_o ch_o true -"],
        movements: &[
            "pi_m capture 3000 100",
            "pi_m refund 500 150",
            "pi_m capture 1500 200",
            "pi_m capture 4500 300",
            "pi_n capture 700 10",
            "pi_n capture 1300 20",
            "pi_o capture 300 10",
            "pi_o capture 600 20",
        ],
    };
    scenario.obeys_the_law();
}

#[test]
fn a_refund_that_failed_lowers_only_the_sums_stated_before() {
    let paid = |name: &str| notice(OLD, 0, "charge.succeeded", charge(name, 500, 500, 0));
    let failed = |name: &str, second| {
        let refund = refund(&format!("re_{name}"), name, 500, "failed", 100);
        notice(OLD, second, "charge.refund.updated", refund)
    };
    let sum = |name: &str, second, sum| notice(OLD, second, "charge.refunded", charge(name, 500, 500, sum));
    let scenario = Scenario {
        sources: vec![source("stripe", &["whsec_test"])],
        deliveries: vec![
            // Told by sums only.
            paid("a"),
            sum("a", 100, 500),
            failed("a", 200),
            notice(OLD, 300, "charge.refunded", {
                let mut charge = charge("a", 500, 500, 500);
                charge["refunded"] = json!(true);
                charge
            }),
            // The second one is told by its own notice only.
            paid("b"),
            sum("b", 100, 500),
            failed("b", 200),
            notice(OLD, 300, "refund.created", refund("re_b2", "b", 200, "succeeded", 300)),
            // Nothing follows.
            paid("c"),
            sum("c", 100, 500),
            failed("c", 200),
            // Less went back than what failed: the later sum does not hold it.
            paid("d"),
            sum("d", 100, 500),
            failed("d", 200),
            sum("d", 300, 120),
        ],
        payments: &[
            "pi_a - refunded USD 0 500 500 0 0",
            "pi_b - partly_refunded USD 0 500 200 0 0",
            "pi_c - captured USD 0 500 0 0 0",
            "pi_d - partly_refunded USD 0 500 120 0 0",
        ],
        attempts: &[
            "pi_a ch_a true -",
            "pi_b ch_b true -",
            "pi_c ch_c true -",
            "pi_d ch_d true -",
        ],
        movements: &[
            "pi_a capture 500 0",
            "pi_a refund 500 300",
            "pi_b capture 500 0",
            "pi_b refund 200 300",
            "pi_c capture 500 0",
            "pi_d capture 500 0",
            "pi_d refund 120 300",
        ],
    };
    scenario.obeys_the_law();
}
