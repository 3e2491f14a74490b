//! Deliveries over HTTP: taken once, forged ones never, and no transmission with a second body.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Delivery, signed};
use crate::support::app::TestApp;
use crate::support::client::Reply;
use crate::support::ledger::Ledger;

const ADDRESS: &str = "/v1/webhooks/paypal/main";

fn post(app: &TestApp, delivery: &Delivery) -> Reply {
    let headers: Vec<(&str, &str)> = delivery
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    app.client.post(ADDRESS, &headers, &delivery.body)
}

fn receipt(app: &TestApp, name: &str) -> Value {
    post(app, &signed().delivery(name)).expect_status(200).json()
}

fn started() -> TestApp {
    TestApp::with(|config| config.sources = vec![signed().source("")])
}

/// Everything that was stored but the marks of transmissions.
const TOLD: &str = "select kind, payment_id, capture_id, minor, currency, bot_id, mode from events \
     where id not like 'transmission:%' order by id, kind";

#[test]
fn a_genuine_delivery_counts_once_however_often_it_comes() {
    let mut app = started();
    let first = json!({"accepted": 1, "duplicates": 0, "conflicts": 0, "other": 0});
    let again = json!({"accepted": 0, "duplicates": 1, "conflicts": 0, "other": 0});
    assert_eq!(receipt(&app, "genuine"), first);
    // PayPal tries the same transmission again, or is told to send the event in another.
    assert_eq!(receipt(&app, "genuine"), again);
    assert_eq!(receipt(&app, "sent again"), again);
    app.restart();
    assert_eq!(receipt(&app, "genuine"), again);
    app.wait_folded();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let captured = [
        "transaction.captured",
        "ORDER1",
        "CAPTURE1",
        "2962",
        "USD",
        "page",
        "live",
    ];
    assert_eq!(ledger.rows(TOLD), [captured]);
    let payments = ledger.rows("select payment_id, state, captured, method, network from payments");
    assert_eq!(payments, [["ORDER1", "captured", "2962", "paypal", "none"]]);
}

#[test]
fn a_forged_delivery_leaves_nothing() {
    let mut app = started();
    for name in [
        "other webhook",
        "other key",
        "signed with SHA-1",
        "other algorithm",
        "other body",
        "truncated body",
        "serialised again",
        "too old",
        "too far ahead",
        "other authority",
        "other name",
        "sent after it expired",
    ] {
        post(&app, &signed().delivery(name)).problem(401, "forged");
    }
    app.stop();
    assert_eq!(
        Ledger::open(&app.config.data_dir).number("select count(*) from events"),
        0
    );
}

#[test]
fn a_transmission_is_never_taken_with_another_body() {
    let mut app = started();
    // Of one transmission: its checksum is the same, and so its signature is good for both.
    let (genuine, forged) = (signed().delivery("genuine"), signed().delivery("same checksum"));
    assert_eq!(crc32fast::hash(&genuine.body), crc32fast::hash(&forged.body));
    assert_ne!(genuine.body, forged.body);
    assert_eq!(genuine.headers, forged.headers);
    post(&app, &genuine).expect_status(200);
    post(&app, &forged).problem(401, "forged");
    app.restart();
    post(&app, &forged).problem(401, "forged");
    // The genuine one may still be repeated.
    assert_eq!(receipt(&app, "genuine")["duplicates"], 1);
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(ledger.rows(TOLD).len(), 1);
    assert_eq!(ledger.number("select sum(minor) from events"), 2_962);
}

#[test]
fn of_two_bodies_at_once_one_is_taken() {
    let mut app = started();
    let (genuine, forged) = (signed().delivery("genuine"), signed().delivery("same checksum"));
    std::thread::scope(|scope| {
        let posts: Vec<_> = (0..8)
            .map(|n| {
                let delivery = if n % 2 == 0 { &genuine } else { &forged };
                let app = &app;
                scope.spawn(move || post(app, delivery).status)
            })
            .collect();
        let statuses: Vec<u16> = posts.into_iter().map(|post| post.join().unwrap()).collect();
        assert_eq!(
            statuses.iter().filter(|status| **status == 200).count(),
            4,
            "{statuses:?}"
        );
        assert_eq!(
            statuses.iter().filter(|status| **status == 401).count(),
            4,
            "{statuses:?}"
        );
    });
    app.stop();
    assert_eq!(Ledger::open(&app.config.data_dir).rows(TOLD).len(), 1);
}

#[test]
fn a_foreign_certificate_address_is_never_asked() {
    let app = started();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for scheme in ["http", "https"] {
        let address = format!("{scheme}://127.0.0.1:{port}/v1/notifications/certs/CERT-1");
        let delivery = signed().delivery("genuine").with("paypal-cert-url", &address);
        post(&app, &delivery).problem(401, "forged");
    }
    std::thread::sleep(Duration::from_millis(200));
    let asked = listener.accept().unwrap_err();
    assert_eq!(asked.kind(), std::io::ErrorKind::WouldBlock, "somebody connected");
}
