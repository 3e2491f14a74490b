//! Webhooks over HTTP: the genuine is kept once, the forged leaves nothing.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::app::{PRESENT, TestApp, instant, source};
use crate::support::client::Reply;
use crate::support::ledger::Ledger;

const SECRET: &str = "the app's secret";

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn start() -> TestApp {
    TestApp::with(|config| config.sources = vec![source("messenger", &[SECRET, "the one before"])])
}

fn post(app: &TestApp, signature: &str, body: &[u8]) -> Reply {
    let headers = [("content-type", "application/json"), ("x-hub-signature-256", signature)];
    app.client.post("/v1/webhooks/messenger/main", &headers, body)
}

fn message() -> Value {
    let at = instant(PRESENT).timestamp_millis() - 60_000;
    json!({"object": "page", "entry": [{"id": "page1", "time": at, "messaging": [{
        "sender": {"id": "user1"}, "recipient": {"id": "page1"}, "timestamp": at,
        "message": {"mid": "mid.1", "text": "h\u{e4}llo"},
    }]}]})
}

#[test]
fn a_genuine_delivery_is_kept_once() {
    let mut app = start();
    let body = message().to_string();
    let signed = signature(SECRET, body.as_bytes());
    let first = post(&app, &signed, body.as_bytes()).expect_status(200).json();
    assert!(first["accepted"].as_u64() >= Some(1), "{first}");
    let again = post(&app, &signature("the one before", body.as_bytes()), body.as_bytes())
        .expect_status(200)
        .json();
    assert_eq!(again["accepted"], 0, "{again}");
    assert_eq!(again["duplicates"], first["accepted"]);
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(
        ledger.number("select count(*) from events"),
        first["accepted"].as_i64().unwrap()
    );
    let text = ledger.number("select count(*) from events t where t::varchar like '%llo%'");
    assert_eq!(text, 0, "what a person typed is not kept");
}

#[test]
fn a_forged_delivery_is_refused_and_leaves_nothing() {
    let mut app = start();
    let body = message().to_string();
    let tampered = body.replace("user1", "user2");
    let signed = signature(SECRET, body.as_bytes());
    post(&app, &signature("a guess", body.as_bytes()), body.as_bytes()).problem(401, "forged");
    post(&app, &signed, tampered.as_bytes()).problem(401, "forged");
    post(&app, "sha256=", body.as_bytes()).problem(401, "forged");
    app.client
        .post("/v1/webhooks/messenger/main", &[], body.as_bytes())
        .problem(401, "forged");
    app.client
        .post("/v1/webhooks/messenger/other", &[], body.as_bytes())
        .problem(404, "unknown_source");
    app.client
        .post("/v1/webhooks/paypal/main", &[], body.as_bytes())
        .problem(404, "unknown_source");
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(ledger.number("select count(*) from events"), 0);
    assert_eq!(ledger.number("select count(*) from commits"), 0);
}

#[test]
fn the_unknown_but_genuine_is_kept_as_other() {
    let mut app = start();
    let body = br#"{"object":"page","entry":[{"id":"p","time":1488326400000,"messaging":[{"sender":{"id":"u"},
        "recipient":{"id":"p"},"timestamp":1488326400000,"something_new":{}}]}]}"#;
    let answer = post(&app, &signature(SECRET, body), body).expect_status(200).json();
    assert_eq!(
        (&answer["accepted"], &answer["other"]),
        (&json!(1), &json!(1)),
        "{answer}"
    );
    app.stop();
    assert_eq!(
        Ledger::open(&app.config.data_dir).rows("select kind from events"),
        [["other"]]
    );
}

#[test]
fn the_handshake_answers_the_configured_token_only() {
    let app = start();
    let ask = |token: &str| {
        let query = format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
        app.client.get(&format!("/v1/webhooks/messenger/main?{query}"))
    };
    let reply = ask("open%20sesame").expect_status(200);
    assert_eq!(reply.text(), "1158201444");
    assert!(reply.header("content-type").starts_with("text/plain"));
    ask("guess").problem(403, "forbidden");
}
