//! Stripe: charges, intents, sessions, refunds and disputes of the same sales.

use serde_json::{Value, json};

use super::{START, Scenario};
use crate::support::app::source;

fn notice(second: i64, kind: &str, object: Value) -> (usize, Vec<u8>) {
    let id = format!("evt_{second}_{kind}_{}", object["id"].as_str().unwrap_or_default());
    let body = json!({"id": id, "object": "event", "type": kind, "created": START + second, "livemode": true,
        "data": {"object": object}});
    (0, body.to_string().into_bytes())
}

/// An object with more members.
fn with(mut object: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

fn intent(id: &str, amount: i64, more: Value) -> Value {
    let metadata = json!({"platform": "messenger", "bot_id": "shop", "conversation_id": "shop:anna"});
    with(
        json!({"id": id, "object": "payment_intent", "amount": amount, "currency": "usd", "metadata": metadata}),
        more,
    )
}

fn charge(id: &str, intent: Option<&str>, amount: i64, more: Value) -> Value {
    let card = json!({"type": "card", "card": {"brand": "visa", "network": "visa"}});
    with(
        json!({"id": id, "object": "charge", "payment_intent": intent, "amount": amount, "amount_captured": amount,
            "amount_refunded": 0, "captured": true, "refunded": false, "currency": "usd",
            "payment_method_details": card}),
        more,
    )
}

/// A refund that names only its charge, as those of older versions do.
fn refund(id: &str, charge: &str, amount: i64, status: &str) -> Value {
    json!({"id": id, "object": "refund", "charge": charge, "amount": amount, "currency": "usd", "status": status})
}

fn dispute(id: &str, charge: &str, amount: i64, status: &str) -> Value {
    json!({"id": id, "object": "dispute", "charge": charge, "amount": amount, "currency": "usd", "status": status})
}

/// Declined twice, once by the issuer and once by risk rules; confirmed by the customer; reserved and
/// taken in part; refunded twice, where of the second refund only the sum came through; disputed and won.
fn hard_won() -> Vec<(usize, Vec<u8>)> {
    let declined = json!({"captured": false, "outcome": {"type": "issuer_declined", "reason": "insufficient_funds"}});
    let blocked = json!({"captured": false, "outcome": {"type": "blocked", "reason": "highest_risk_level"}});
    let error = json!({"last_payment_error": {"charge": "ch_a", "code": "card_declined",
        "decline_code": "insufficient_funds"}, "latest_charge": "ch_a"});
    let reserved = json!({"captured": false, "amount_captured": 0});
    let taken = |refunded: i64| json!({"amount_captured": 2_500, "amount_refunded": refunded});
    vec![
        notice(0, "payment_intent.created", intent("pi_1", 3_000, json!({}))),
        notice(10, "charge.failed", charge("ch_a", Some("pi_1"), 3_000, declined)),
        notice(10, "payment_intent.payment_failed", intent("pi_1", 3_000, error)),
        notice(20, "charge.failed", charge("ch_b", Some("pi_1"), 3_000, blocked)),
        notice(
            30,
            "payment_intent.requires_action",
            intent("pi_1", 3_000, json!({"latest_charge": "ch_b"})),
        ),
        notice(40, "charge.succeeded", charge("ch_c", Some("pi_1"), 3_000, reserved)),
        notice(
            40,
            "payment_intent.amount_capturable_updated",
            intent(
                "pi_1",
                3_000,
                json!({"amount_capturable": 3_000, "latest_charge": "ch_c"}),
            ),
        ),
        notice(50, "charge.captured", charge("ch_c", Some("pi_1"), 3_000, taken(500))),
        notice(
            50,
            "payment_intent.succeeded",
            intent(
                "pi_1",
                3_000,
                json!({"amount_received": 2_500, "latest_charge": "ch_c"}),
            ),
        ),
        notice(60, "refund.created", refund("re_1", "ch_c", 500, "succeeded")),
        notice(60, "charge.refund.updated", refund("re_1", "ch_c", 500, "succeeded")),
        // Of both sums 5.00 are the rest that was released when the sale was taken.
        notice(60, "charge.refunded", charge("ch_c", Some("pi_1"), 3_000, taken(1_000))),
        notice(70, "charge.refunded", charge("ch_c", Some("pi_1"), 3_000, taken(1_700))),
        notice(
            80,
            "charge.dispute.created",
            dispute("dp_1", "ch_c", 800, "needs_response"),
        ),
        notice(
            85,
            "charge.dispute.updated",
            dispute("dp_1", "ch_c", 800, "under_review"),
        ),
        notice(90, "charge.dispute.closed", dispute("dp_1", "ch_c", 800, "won")),
        notice(
            95,
            "charge.dispute.funds_reinstated",
            dispute("dp_1", "ch_c", 800, "won"),
        ),
    ]
}

/// Refunded, where the refund came back and another followed; disputed, reinstated, and lost in the end.
fn hard_lost() -> Vec<(usize, Vec<u8>)> {
    let refunded = |sum: i64| charge("ch_d", Some("pi_2"), 1_000, json!({"amount_refunded": sum}));
    vec![
        notice(0, "payment_intent.created", intent("pi_2", 1_000, json!({}))),
        notice(10, "charge.succeeded", charge("ch_d", Some("pi_2"), 1_000, json!({}))),
        notice(20, "refund.created", refund("re_3", "ch_d", 400, "succeeded")),
        notice(20, "charge.refunded", refunded(400)),
        notice(30, "refund.failed", refund("re_3", "ch_d", 400, "failed")),
        notice(40, "refund.created", refund("re_4", "ch_d", 300, "pending")),
        notice(40, "charge.refunded", refunded(300)),
        notice(
            45,
            "refund.updated",
            with(refund("re_4", "ch_d", 300, "succeeded"), json!({"created": START + 40})),
        ),
        notice(
            50,
            "charge.dispute.created",
            dispute("dp_2", "ch_d", 700, "warning_needs_response"),
        ),
        notice(
            60,
            "charge.dispute.updated",
            dispute("dp_2", "ch_d", 700, "needs_response"),
        ),
        notice(70, "charge.dispute.closed", dispute("dp_2", "ch_d", 700, "won")),
        notice(80, "charge.dispute.closed", dispute("dp_2", "ch_d", 700, "lost")),
        notice(
            85,
            "charge.dispute.funds_withdrawn",
            dispute("dp_2", "ch_d", 700, "lost"),
        ),
    ]
}

/// Small stories, one payment each.
fn others() -> Vec<(usize, Vec<u8>)> {
    let open = json!({"captured": false, "amount_captured": 0});
    let released = json!({"captured": false, "amount_captured": 0, "amount_refunded": 900, "refunded": true});
    let whole = json!({"amount_refunded": 600, "refunded": true});
    // 2013: no intent, no details, a card at the top, a dispute without an id.
    let old = json!({"id": "ch_old", "object": "charge", "amount": 1_500, "amount_refunded": 0, "currency": "jpy",
        "paid": true, "refunded": false, "card": {"object": "card", "type": "American Express"}});
    let question = json!({"charge": "ch_old", "amount": 1_500, "currency": "jpy", "status": "warning_needs_response"});
    let session = json!({"id": "cs_1", "object": "checkout.session", "payment_intent": "pi_5", "amount_total": 250,
        "currency": "usd", "payment_status": "unpaid", "metadata": {"platform": "web", "bot_id": "stall"}});
    let given_up = json!({"code": "payment_intent_authentication_failure"});
    vec![
        // By its own clock the refund went before the sale.
        notice(10, "refund.created", refund("re_5", "ch_e", 600, "succeeded")),
        notice(12, "charge.succeeded", charge("ch_e", Some("pi_3"), 600, json!({}))),
        notice(14, "charge.refunded", charge("ch_e", Some("pi_3"), 600, whole)),
        // Reserved and let go: the release goes by the name of a refund.
        notice(10, "charge.succeeded", charge("ch_f", Some("pi_4"), 900, open)),
        notice(
            20,
            "payment_intent.canceled",
            intent("pi_4", 900, json!({"latest_charge": "ch_f"})),
        ),
        notice(20, "charge.refunded", charge("ch_f", Some("pi_4"), 900, released)),
        notice(20, "refund.created", refund("re_6", "ch_f", 900, "succeeded")),
        notice(10, "charge.succeeded", old),
        notice(30, "charge.dispute.created", question.clone()),
        notice(
            40,
            "charge.dispute.closed",
            with(question, json!({"status": "warning_closed"})),
        ),
        notice(5, "checkout.session.completed", session.clone()),
        notice(50, "checkout.session.async_payment_failed", session),
        notice(
            50,
            "payment_intent.payment_failed",
            json!({"id": "pi_5", "object": "payment_intent", "amount": 250, "currency": "usd",
                "last_payment_error": given_up}),
        ),
    ]
}

#[test]
fn no_order_and_no_repetition_changes_a_payment_of_stripe() {
    let scenario = Scenario {
        sources: vec![source("stripe", &["whsec_test"])],
        deliveries: [hard_won(), hard_lost(), others()].concat(),
        payments: &[
            "ch_old - captured JPY 0 1500 0 0 0",
            "pi_1 shop partly_refunded USD 3000 2500 1200 0 0",
            "pi_2 shop dispute_lost USD 0 1000 300 700 0",
            "pi_3 - refunded USD 0 600 600 0 0",
            "pi_4 shop authorized USD 900 0 0 0 0",
            "pi_5 stall failed USD 0 0 0 0 0",
        ],
        attempts: &[
            "ch_old ch_old true -",
            "pi_1 ch_a false issuer",
            "pi_1 ch_b false risk",
            "pi_1 ch_c true -",
            "pi_2 ch_d true -",
            "pi_3 ch_e true -",
            "pi_4 ch_f true -",
            "pi_5 pi_5@1473681650 false issuer",
        ],
        movements: &[
            "ch_old capture 1500 10",
            "pi_1 capture 2500 50",
            "pi_1 refund 500 60",
            "pi_1 refund 700 70",
            "pi_1 chargeback_opened 800 80",
            "pi_1 chargeback_won 800 90",
            "pi_2 capture 1000 10",
            "pi_2 refund 300 40",
            "pi_2 chargeback_opened 700 60",
            "pi_2 chargeback_lost 700 80",
            "pi_2 dispute_lost 700 80",
            "pi_3 refund 600 10",
            "pi_3 capture 600 12",
        ],
    };
    scenario.obeys_the_law();
}
