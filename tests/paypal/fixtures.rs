//! Real deliveries of PayPal's simulator. They are not part of the project, so this runs only when asked for:
//!
//! `cargo test --release --test suite simulator -- --ignored --nocapture`
//!
//! `BOTLEDGER_FIXTURES` names the folder of headers, bodies and certificate, `BOTLEDGER_PAYPAL_CA` the authority as PEM.

use std::path::PathBuf;

use botledger::ingest::webhooks::{Refusal, Request, Webhook};
use botledger::model::EventType;
use serde_json::Value;

use crate::support::app::{instant, source_with};
use crate::support::events::uncounted;

fn given(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set"))
        .into()
}

#[test]
#[ignore = "needs deliveries that are not part of the project"]
fn every_delivery_of_the_simulator_is_genuine_and_becomes_an_event() {
    let folder = given("BOTLEDGER_FIXTURES").join("paypal/signed-simulator-2024");
    let certificates = tempfile::tempdir().unwrap();
    let mut headers = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.ends_with(".pem") {
            std::fs::copy(&path, certificates.path().join(&name)).unwrap();
        } else if name.ends_with(".headers.json") {
            headers.push(path);
        }
    }
    headers.sort();
    let settings = format!(
        "webhook_ids = [\"WEBHOOK_ID\"]\nca_file = {:?}\ncertificate_dir = {:?}",
        given("BOTLEDGER_PAYPAL_CA").display().to_string(),
        certificates.path().display().to_string()
    );
    let mut source = source_with("paypal", &settings);
    source.mode = Some("test".into());
    let webhook = Webhook::open(&source).unwrap();
    for path in &headers {
        let told: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let body = std::fs::read(path.to_str().unwrap().replace(".headers.", ".body.")).unwrap();
        let header = |name: &str| told["headers"][name].as_str().map(str::to_owned);
        let sent = instant(&header("paypal-transmission-time").unwrap());
        let verify = |raw_body: &[u8]| {
            webhook.endpoint.verify(&Request {
                headers: &header,
                raw_body,
                evidence: None,
                now: sent,
            })
        };
        let name = path.file_name().unwrap().to_string_lossy();
        assert_eq!(verify(&body), Ok(()), "{name}");
        assert_eq!(verify(&body[1..]), Err(Refusal::Mismatch), "{name}");
        let events = webhook.events(&body, sent);
        for event in &events {
            let money = event.amount.map(|money| format!("{money} {}", money.currency.code()));
            println!(
                "{name}: {} {} {} {:?}",
                event.kind.as_str(),
                event.payment_id.as_deref().unwrap_or("-"),
                money.as_deref().unwrap_or("-"),
                uncounted(event)
            );
        }
        assert!(!events.is_empty());
        let is_money = ["payment_capture", "payment_sale", "subscription_payment"]
            .iter()
            .any(|kind| name.starts_with(kind));
        // The simulator's reversed sale names neither its payment nor its sale.
        let is_counted = is_money && !name.starts_with("payment_sale_reversed");
        assert_eq!(events[0].kind != EventType::Other, is_counted, "{name}");
    }
    assert_eq!(headers.len(), 20);
}
