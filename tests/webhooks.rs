//! Webhooks over HTTP: the genuine is kept once, the forged leaves nothing.

use botledger::ingest::webhooks::Webhook;
use botledger::model::Event;
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

/// Puts something odd in place of one value after another of a genuine body.
fn spoil(body: &Value, path: &mut Vec<String>, odd: &Value, spoilt: &mut Vec<Value>) {
    let names: Vec<String> = match body {
        Value::Object(members) => members.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|nth| nth.to_string()).collect(),
        _ => Vec::new(),
    };
    let whole = spoilt[0].clone();
    for name in names {
        path.push(name.clone());
        let pointer: String = path
            .iter()
            .map(|name| format!("/{}", name.replace('/', "~1")))
            .collect();
        let mut other = whole.clone();
        *other.pointer_mut(&pointer).unwrap() = odd.clone();
        spoilt.push(other);
        let inner = body.get(&name).or_else(|| body.get(name.parse::<usize>().ok()?));
        spoil(inner.unwrap(), path, odd, spoilt);
        path.pop();
    }
}

/// Values that no provider should send where a text or a whole number stands, and that parsers stumble over.
fn oddities() -> Vec<Value> {
    let mut nested = json!(1);
    (0..60).for_each(|_| nested = json!([{"a": nested}]));
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(0.1),
        json!(1e308),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("\u{0}\u{feff}'; drop table events; --"),
        json!("9".repeat(400)),
        json!("x".repeat(100_000)),
        json!([]),
        json!({}),
        nested,
    ]
}

fn genuine() -> Vec<(&'static str, Value)> {
    let at = instant(PRESENT).timestamp() - 60;
    let notice = |kind: &str, object: Value| {
        json!({"id": "evt_1", "object": "event", "type": kind, "created": at, "livemode": true,
            "data": {"object": object, "previous_attributes": {"status": "pending"}}})
    };
    let charge = json!({"id": "ch_1", "object": "charge", "amount": 2_962, "amount_captured": 2_000,
        "amount_refunded": 1_462, "captured": true, "refunded": false, "currency": "usd", "payment_intent": "pi_1",
        "created": at, "outcome": {"type": "issuer_declined", "reason": "rule"}, "metadata": {"bot_id": "b", "path": "redirect"},
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "network": "visa", "wallet": {"type": "link"}}}});
    let intent = json!({"id": "pi_1", "object": "payment_intent", "amount": 2_962, "amount_received": 2_962,
        "amount_capturable": 1, "currency": "usd", "latest_charge": charge, "metadata": {},
        "last_payment_error": {"charge": "ch_1", "code": "card_declined", "payment_method": {"type": "card", "card": {}}}});
    let refund = json!({"id": "re_1", "object": "refund", "amount": 5, "currency": "usd", "charge": "ch_1",
        "status": "succeeded", "created": at});
    let dispute = json!({"id": "du_1", "object": "dispute", "amount": 5, "currency": "usd", "charge": "ch_1",
        "status": "lost", "payment_method_details": {"type": "card", "card": {"case_type": "chargeback"}}});
    let session = json!({"id": "cs_1", "object": "checkout.session", "amount_total": 5, "currency": "usd",
        "payment_intent": "pi_1", "client_reference_id": "x", "metadata": {"conversation_id": "c"}, "created": at});
    let payment = json!({"payload": "p", "amount": {"currency": "USD", "amount": "29.62"}, "payment_credential":
        {"provider_type": "stripe", "charge_id": "ch_1", "fb_payment_id": "77"}});
    let items: Vec<Value> = [
        ("message", json!({"mid": "m", "referral": {"source": "ADS"}})),
        ("postback", json!({"payload": "GET_STARTED", "mid": "n"})),
        ("payment", payment),
        ("pre_checkout", json!({"payload": "p", "amount": {"currency": "USD", "amount": "2.70"}})),
        ("read", json!({"watermark": at * 1_000})),
    ]
    .into_iter()
    .map(|(name, content)| {
        json!({"sender": {"id": "u"}, "recipient": {"id": "p"}, "timestamp": at * 1_000, name: content})
    })
    .collect();
    let batch = json!({"object": "page", "entry": [{"id": "p", "time": at * 1_000, "messaging": items,
        "standby": [{"message": {"mid": "s"}}], "changes": [{"field": "feed"}]}]});
    let mut bodies = vec![("messenger", batch)];
    for (kinds, object) in [
        (
            &[
                "charge.succeeded",
                "charge.captured",
                "charge.failed",
                "charge.refunded",
                "charge.updated",
            ][..],
            charge,
        ),
        (
            &[
                "payment_intent.succeeded",
                "payment_intent.payment_failed",
                "payment_intent.amount_capturable_updated",
            ],
            intent,
        ),
        (&["refund.created", "refund.failed"], refund),
        (&["charge.dispute.closed"], dispute),
        (&["checkout.session.completed", "checkout.session.expired"], session),
    ] {
        bodies.extend(kinds.iter().map(|kind| ("stripe", notice(kind, object.clone()))));
    }
    bodies
}

#[test]
fn whatever_stands_in_a_genuine_body_becomes_an_event() {
    let mut bodies = 0;
    for (provider, body) in genuine() {
        let webhook = Webhook::open(&source(provider, &[SECRET])).unwrap();
        for odd in oddities() {
            let mut spoilt = vec![body.clone()];
            spoil(&body, &mut Vec::new(), &odd, &mut spoilt);
            for body in spoilt {
                let events = webhook.events(body.to_string().as_bytes(), instant(PRESENT));
                assert!(!events.is_empty(), "{body}");
                let sane = |event: &Event| event.amount.is_none_or(|money| money.minor >= 0);
                assert!(events.iter().all(sane), "{body}");
                bodies += 1;
            }
        }
    }
    assert!(bodies > 3_000, "{bodies}");
}

#[test]
fn odd_large_and_deep_bodies_of_a_genuine_provider_are_kept_and_answered_with_200() {
    let mut app = start();
    let depth = 100_000;
    let mut sent = vec![
        b"\xff\xfe".to_vec(),
        b"{".to_vec(),
        Vec::new(),
        format!("{}{}", "[".repeat(depth), "]".repeat(depth)).into_bytes(),
    ];
    let mut large = message();
    large["entry"][0]["messaging"][0]["message"]["text"] = json!("x".repeat(1_000_000));
    sent.push(large.to_string().into_bytes());
    let odd = oddities();
    for (nth, value) in odd.iter().enumerate() {
        let mut body = message();
        body["entry"][0]["messaging"][0]["message"]["mid"] = value.clone();
        body["entry"][0]["messaging"][0]["timestamp"] = odd[(nth + 3) % odd.len()].clone();
        body["entry"][0]["time"] = json!(nth);
        sent.push(body.to_string().into_bytes());
    }
    for body in &sent {
        let receipt = post(&app, &signature(SECRET, body), body).expect_status(200).json();
        let told = receipt["accepted"].as_u64().unwrap() + receipt["duplicates"].as_u64().unwrap();
        assert!(told >= 1, "{receipt}");
    }
    app.wait_folded();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert!(ledger.number("select count(*) from events where kind = 'conversation.message'") > 5);
    assert_eq!(ledger.number("select count(*) from events where kind = 'other'"), 4);
}
