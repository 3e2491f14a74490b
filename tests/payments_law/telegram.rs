//! Telegram: Stars are its own; of a payment in money it knows what its processor calls it.

use botledger::config::Source;
use serde_json::{Value, json};

use super::{START, Scenario};
use crate::support::app::{source, source_with};

fn update(second: i64, name: &str, content: Value) -> (usize, Vec<u8>) {
    let person = json!({"id": 42, "is_bot": false});
    let mut about = json!({"message_id": second, "from": person, "date": START + second,
        "chat": {"id": 42, "type": "private"}});
    about[name] = content;
    (
        0,
        json!({"update_id": second, "message": about}).to_string().into_bytes(),
    )
}

fn stripe(second: i64, kind: &str, object: Value) -> (usize, Vec<u8>) {
    let body = json!({"id": format!("evt_{second}"), "object": "event", "type": kind, "created": START + second,
        "livemode": true, "data": {"object": object}});
    (1, body.to_string().into_bytes())
}

#[test]
fn no_order_and_no_repetition_changes_a_payment_of_telegram() {
    let telegram = Source {
        bot_id: Some("700".into()),
        ..source_with("telegram", "secrets = [\"secret\"]\npayment_provider = \"stripe\"")
    };
    let stars = |charge: &str, total: i64| json!({"currency": "XTR", "total_amount": total, "invoice_payload": "", "telegram_payment_charge_id": charge});
    let money = json!({"currency": "USD", "total_amount": 2_962, "invoice_payload": "",
        "telegram_payment_charge_id": "tg_3", "provider_payment_charge_id": "ch_1"});
    let charge = |refunded: i64| {
        json!({"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "amount": 2_962, "amount_captured": 2_962,
            "amount_refunded": refunded, "captured": true, "refunded": false, "currency": "usd"})
    };
    let dispute = json!({"id": "dp_1", "charge": "ch_1", "amount": 2_962, "currency": "usd", "status": "lost"});
    let scenario = Scenario {
        sources: vec![telegram, source("stripe", &["whsec_test"])],
        deliveries: vec![
            update(10, "successful_payment", stars("tg_1", 350)),
            update(60, "refunded_payment", stars("tg_1", 350)),
            update(20, "successful_payment", stars("tg_2", 25)),
            update(30, "successful_payment", money),
            stripe(29, "charge.succeeded", charge(0)),
            stripe(40, "charge.refunded", charge(1_000)),
            stripe(50, "charge.dispute.closed", dispute),
        ],
        payments: &[
            "pi_1 700 dispute_lost USD 0 2962 1000 2962 0",
            "tg_1 700 refunded XTR 0 350 350 0 0",
            "tg_2 700 captured XTR 0 25 0 0 0",
        ],
        attempts: &["pi_1 ch_1 true -", "tg_1  true -", "tg_2  true -"],
        movements: &[
            "pi_1 capture 2962 29",
            "pi_1 refund 1000 40",
            "pi_1 chargeback_lost 2962 50",
            "pi_1 chargeback_opened 2962 50",
            "pi_1 dispute_lost 2962 50",
            "tg_1 capture 350 10",
            "tg_1 refund 350 60",
            "tg_2 capture 25 20",
        ],
    };
    scenario.obeys_the_law();
}
