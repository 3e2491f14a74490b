//! Braintree: every notification repeats what the transaction went through.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use botledger::config::Source;

use super::{START, Scenario};
use crate::support::app::source_with;

fn time(second: i64) -> String {
    let time = chrono::DateTime::from_timestamp(START + second, 0).unwrap();
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn notification(second: i64, kind: &str, subject: &str) -> (usize, Vec<u8>) {
    let xml = format!(
        "<notification><kind>{kind}</kind><timestamp type=\"datetime\">{}</timestamp><subject>{subject}</subject>\
         </notification>",
        time(second)
    );
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("bt_signature", "public|00")
        .append_pair("bt_payload", &STANDARD.encode(xml))
        .finish();
    (0, form.into_bytes())
}

fn transaction(id: &str, kind: &str, amount: &str, steps: &[(i64, &str)], more: &str) -> String {
    let history: String = steps
        .iter()
        .map(|(second, status)| {
            format!(
                "<status-event><timestamp>{}</timestamp><status>{status}</status><amount>{amount}</amount></status-event>",
                time(*second)
            )
        })
        .collect();
    let status = steps.last().unwrap().1;
    format!(
        "<transaction><id>{id}</id><type>{kind}</type><status>{status}</status><amount>{amount}</amount>\
         <currency-iso-code>USD</currency-iso-code><payment-instrument-type>credit_card</payment-instrument-type>\
         <credit-card><card-type>Visa</card-type></credit-card><status-history>{history}</status-history>{more}</transaction>"
    )
}

fn subscription(second: i64, transactions: &[String]) -> (usize, Vec<u8>) {
    let subject = format!(
        "<subscription><id>s1</id><transactions>{}</transactions></subscription>",
        transactions.concat()
    );
    notification(second, "subscription_charged_successfully", &subject)
}

fn dispute(second: i64, kind: &str, status: &str) -> (usize, Vec<u8>) {
    let subject = format!(
        "<dispute><id>d1</id><kind>chargeback</kind><status>{status}</status><amount-disputed>8.00</amount-disputed>\
         <currency-iso-code>USD</currency-iso-code><transaction><id>t2</id></transaction></dispute>"
    );
    notification(second, kind, &subject)
}

#[test]
fn no_order_and_no_repetition_changes_a_payment_of_braintree() {
    let links = "<custom-fields><bot-id>shop</bot-id></custom-fields>";
    let declined = |id: &str, second: i64, status: &str| {
        transaction(
            id,
            "sale",
            "25.00",
            &[(second, "authorizing"), (second + 1, status)],
            links,
        )
    };
    let steps = [(20, "authorized"), (21, "submitted_for_settlement"), (30, "settled")];
    let under_way = transaction("t2", "sale", "25.00", &steps[..2], links);
    let settled = transaction("t2", "sale", "25.00", &steps, links);
    let refund = |id: &str, amount: &str, second: i64, status: &str| {
        let of = "<refunded-transaction-id>t2</refunded-transaction-id>";
        transaction(id, "credit", amount, &[(second - 5, "settling"), (second, status)], of)
    };
    let scenario = Scenario {
        sources: vec![Source {
            platform: Some("messenger".into()),
            ..source_with(
                "braintree",
                "key_pairs = [{ public_key = \"public\", private_key = \"private\" }]",
            )
        }],
        deliveries: vec![
            subscription(11, &[declined("t0", 5, "processor_declined")]),
            subscription(
                16,
                &[
                    declined("t1", 15, "gateway_rejected"),
                    declined("t0", 5, "processor_declined"),
                ],
            ),
            subscription(22, &[under_way, declined("t1", 15, "gateway_rejected")]),
            subscription(31, std::slice::from_ref(&settled)),
            subscription(61, &[refund("r1", "5.00", 60, "settled"), settled.clone()]),
            subscription(
                71,
                &[
                    refund("r2", "7.00", 70, "settled"),
                    refund("r3", "1.00", 70, "settlement_declined"),
                    settled,
                ],
            ),
            dispute(80, "dispute_opened", "open"),
            dispute(90, "dispute_won", "won"),
        ],
        payments: &[
            "t0 shop failed USD 0 0 0 0 0",
            "t1 shop failed USD 0 0 0 0 0",
            "t2 shop partly_refunded USD 2500 2500 1200 0 0",
        ],
        attempts: &["t0 t0 false issuer", "t1 t1 false risk", "t2 t2 true -"],
        movements: &[
            "t2 capture 2500 30",
            "t2 refund 500 60",
            "t2 refund 700 70",
            "t2 chargeback_opened 800 80",
            "t2 chargeback_won 800 90",
        ],
    };
    scenario.obeys_the_law();
}
