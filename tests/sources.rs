//! The board of sources: what each delivered, counted by hand, and what was refused and why.

use serde_json::{Value, json};

use crate::support::app::{PRESENT, TestApp, instant, key, source, source_with};
use crate::support::client::{Reply, hmac};
use crate::support::events::{Draft, bot_registered, captured, lines};

const SECRET: &str = "the app's secret";
const MESSENGER: &str = "/v1/webhooks/messenger/main";
const STRIPE: &str = "/v1/webhooks/stripe/main";

fn start() -> TestApp {
    TestApp::with(|config| config.sources = vec![source("messenger", &[SECRET]), source("stripe", &["whsec_1"])])
}

fn post(app: &TestApp, secret: &str, body: &str) -> Reply {
    let signature = format!("sha256={}", hmac(secret, &[body.as_bytes()]));
    let headers = [("x-hub-signature-256", signature.as_str())];
    app.client.post(MESSENGER, &headers, body.as_bytes())
}

fn post_charge(app: &TestApp, id: &str, metadata: Value) -> Reply {
    let now = instant(PRESENT).timestamp();
    let body = json!({
        "id": format!("evt_{id}"), "object": "event", "created": now - 7, "livemode": true, "type": "charge.succeeded",
        "data": {"object": {
            "id": format!("ch_{id}"), "object": "charge", "amount": 2962, "amount_captured": 2962, "amount_refunded": 0,
            "captured": true, "created": now - 8, "currency": "usd", "livemode": true, "metadata": metadata,
            "paid": true, "payment_intent": format!("pi_{id}"), "status": "succeeded",
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "network": "visa", "wallet": null}},
        }},
    })
    .to_string();
    let signed = hmac("whsec_1", &[now.to_string().as_bytes(), b".", body.as_bytes()]);
    let header = format!("t={now},v1={signed}");
    app.client
        .post(STRIPE, &[("stripe-signature", &header)], body.as_bytes())
}

/// An update of a thread, so many seconds before the present.
fn update(before: i64, person: &str, more: Value) -> String {
    let at = (instant(PRESENT).timestamp() - before) * 1000;
    let mut item = json!({"sender": {"id": person}, "recipient": {"id": "page1"}, "timestamp": at});
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"object": "page", "entry": [{"id": "page1", "time": at, "messaging": [item]}]}).to_string()
}

fn board(app: &TestApp) -> Value {
    app.client.get_json("/v1/sources")
}

/// One source of the board.
fn told(app: &TestApp, address: &str) -> Value {
    let board = board(app);
    let mut sources = board["sources"].as_array().unwrap().iter();
    sources.find(|source| source["address"] == address).unwrap().clone()
}

/// The counts of one source, by name.
fn counts(app: &TestApp, address: &str) -> Value {
    let told = told(app, address);
    let names = [
        "deliveries",
        "accepted",
        "duplicates",
        "conflicts",
        "rejected",
        "forged",
        "unsupported",
        "unparseable",
        "unattributed",
    ];
    names
        .map(|name| (name, told[name].clone()))
        .into_iter()
        .filter(|(_, n)| *n != 0)
        .collect()
}

/// The refusals of one source: code, field, count.
fn refusals(app: &TestApp, address: &str) -> Vec<(String, String, u64)> {
    let board = board(app);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut refusals: Vec<_> = board["recent_rejections"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|refusal| refusal["address"] == address)
        .map(|refusal| {
            let count = refusal["count"].as_u64().unwrap();
            (text(&refusal["code"]), text(&refusal["field"]), count)
        })
        .collect();
    refusals.sort();
    refusals
}

fn refusal(code: &str, field: &str, count: u64) -> (String, String, u64) {
    (code.into(), field.into(), count)
}

/// Five genuine deliveries, one of them again, one in conflict; then three forged.
fn deliver(app: &TestApp) {
    let message = |person: &str| update(60, person, json!({"message": {"mid": "m1", "text": "hello"}}));
    let no_person = json!({"object": "page", "entry": [{"id": "page1", "messaging": [
        {"recipient": {"id": "page1"}, "timestamp": (instant(PRESENT).timestamp() - 30) * 1000,
         "postback": {"payload": "x"}}]}]});
    let genuine = [
        message("u1"),
        message("u1"),
        message("u2"),
        update(90, "u1", json!({"something_new": {}})),
        no_person.to_string(),
        "no JSON at all".to_owned(),
    ];
    for body in &genuine {
        post(app, SECRET, body).expect_status(200);
    }
    post(app, "a guess", &genuine[0]).problem(401, "forged");
    post(app, "another", &genuine[3]).problem(401, "forged");
    app.client.post(MESSENGER, &[], b"{}").problem(401, "forged");
}

#[test]
fn each_webhook_is_counted_as_what_it_was() {
    let app = start();
    deliver(&app);
    let expected = json!({
        "deliveries": 6, "accepted": 4, "duplicates": 1, "conflicts": 1, "forged": 3, "unsupported": 1, "unparseable": 2,
    });
    assert_eq!(counts(&app, MESSENGER), expected);
    let told = told(&app, MESSENGER);
    assert_eq!(
        (&told["provider"], &told["name"]),
        (&json!("messenger"), &json!("main"))
    );
    assert_eq!((&told["configured"], &told["mode"]), (&json!(true), &Value::Null));
    let stamp = json!(instant(PRESENT).to_rfc3339());
    assert_eq!((&told["last_delivery"], &told["last_accepted"]), (&stamp, &stamp));
    // The unreadable body states no time: the delivery before it did, half a minute earlier.
    assert_eq!(told["lag_seconds"], 30.0);
    let expected = [
        refusal("no_person", "postback", 1),
        refusal("signature_mismatch", "", 2),
        refusal("signature_missing", "x-hub-signature-256", 1),
        refusal("unreadable", "", 1),
    ];
    assert_eq!(refusals(&app, MESSENGER), expected);
    assert_eq!(counts(&app, STRIPE), json!({}), "nothing came from there");
}

#[test]
fn native_events_are_counted_and_refused_ones_are_told_by_code_and_field() {
    let app = start();
    let good = bot_registered("b1").id("one");
    let inexact = |id: &str| captured("p1", "29.625", "USD").id(id);
    let body = lines(&[
        good.clone(),
        good,
        bot_registered("b2"),
        inexact("4111111111111111"),
        inexact("two"),
    ]);
    app.client.post_lines(&body).expect_status(200);
    let structured = [("content-type", "application/cloudevents+json")];
    app.client
        .post("/v1/events", &structured, b"{")
        .problem(400, "unparseable");
    app.client
        .post("/v1/events", &[("content-type", "text/html")], b"<p>")
        .problem(415, "unsupported_media_type");
    let expected = json!({"deliveries": 1, "accepted": 2, "duplicates": 1, "rejected": 3, "unparseable": 1});
    assert_eq!(counts(&app, "/v1/events"), expected);
    let expected = [
        refusal("amount_too_many_decimals", "data.amount.value", 2),
        refusal("unparseable", "", 1),
        refusal("unsupported_media_type", "Content-Type", 1),
    ];
    assert_eq!(refusals(&app, "/v1/events"), expected);
    assert!(!board(&app).to_string().contains("4111"), "an id is a sender's word");
}

#[test]
fn a_payment_without_a_bot_is_told_under_every_source_that_told_of_it_until_it_has_one() {
    let app = start();
    let bot = json!({"platform": "messenger", "bot_id": "page1"});
    post_charge(&app, "1", bot).expect_status(200);
    post_charge(&app, "2", json!({})).expect_status(200);
    app.client.post_events(&lines(&[
        captured("pi_2", "29.62", "USD"),
        captured("p9", "1.00", "USD"),
    ]));
    app.wait_folded();
    let stripe = json!({"deliveries": 2, "accepted": 2, "unattributed": 1});
    assert_eq!(counts(&app, STRIPE), stripe);
    assert_eq!(
        told(&app, STRIPE)["lag_seconds"].as_f64().map(|lag| lag < 10.0),
        Some(true)
    );
    assert_eq!(told(&app, "/v1/events")["unattributed"], 2);
    let named: Draft = captured("pi_2", "29.62", "USD")
        .with("platform", "messenger")
        .with("bot_id", "page1");
    app.client.post_events(&lines(&[named]));
    app.wait_folded();
    assert_eq!(told(&app, STRIPE)["unattributed"], 0);
    assert_eq!(told(&app, "/v1/events")["unattributed"], 1);
}

#[test]
fn counts_survive_a_restart_and_what_was_refused_is_forgotten() {
    let mut app = start();
    deliver(&app);
    let before = told(&app, MESSENGER);
    app.restart();
    assert_eq!(told(&app, MESSENGER), before);
    assert_eq!(board(&app)["recent_rejections"], json!([]));
    post(&app, "a guess", "{}").problem(401, "forged");
    assert_eq!(told(&app, MESSENGER)["forged"], 4);
    // A webhook that is taken out of the configuration keeps its counts.
    app.config.sources.clear();
    app.restart();
    let gone = told(&app, MESSENGER);
    assert_eq!((&gone["configured"], &gone["forged"]), (&json!(false), &json!(4)));
}

#[test]
fn a_flood_is_one_entry_and_writes_nothing() {
    let app = start();
    post(&app, SECRET, "no JSON").expect_status(200);
    app.store().save_counters().unwrap();
    for _ in 0..300 {
        post(&app, "a guess", "{}").problem(401, "forged");
    }
    for name in 0..100 {
        app.client
            .post(&format!("/v1/webhooks/stripe/name{name}"), &[], b"{}")
            .problem(404, "unknown_source");
    }
    app.client
        .post("/v1/webhooks/stripe/jane@example.com", &[], b"{}")
        .problem(404, "unknown_source");
    let expected = [refusal("signature_mismatch", "", 300), refusal("unreadable", "", 1)];
    assert_eq!(refusals(&app, MESSENGER), expected);
    assert_eq!(refusals(&app, "/v1/webhooks").len(), 20, "of one source no more");
    assert!(!board(&app).to_string().contains("jane"));
    let sources = board(&app)["sources"].as_array().unwrap().len();
    assert_eq!(sources, 4, "a name that somebody asks for makes no source");
    let job = app
        .store()
        .jobs()
        .into_iter()
        .find(|job| job.name == "counters")
        .unwrap();
    assert!(job.runs < 60, "saved by time, not by request: {job:?}");
}

#[test]
fn a_refused_handshake_is_told() {
    let app = start();
    let query = "hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess";
    app.client
        .get(&format!("{MESSENGER}?{query}"))
        .problem(403, "forbidden");
    assert_eq!(refusals(&app, MESSENGER), [refusal("challenge", "", 1)]);
    assert_eq!(counts(&app, MESSENGER), json!({"rejected": 1}));
}

#[test]
fn the_board_needs_a_key_where_one_is_configured() {
    let app = TestApp::with(|config| config.keys = vec![key("bl_test")]);
    app.client.get("/v1/sources").problem(401, "unauthorized");
    let holder = app.client.with_key("bl_test");
    holder.get("/v1/sources").expect_status(200);
    assert_eq!(holder.get("/v1/sources?all=1").problem(400, "unknown_parameter"), "all");
    holder.post("/v1/sources", &[], b"").problem(405, "method_not_allowed");
}

/// The row of a source on the page.
fn shown<'a>(page: &'a str, address: &str) -> &'a str {
    let at = page.find(&format!("data-source=\"{address}\"")).unwrap();
    &page[at..at + page[at..].find("</tr>").unwrap()]
}

#[test]
fn the_page_tells_what_came_what_is_wrong_and_what_to_do() {
    let app = start();
    let empty = app.client.get("/").expect_status(200).text();
    assert!(empty.contains("id=\"sources\"") && empty.contains("Nothing has come in by HTTP yet"));
    assert!(empty.contains("nothing has come yet. Have the provider post to /v1/webhooks/stripe/main"));
    deliver(&app);
    app.wait_folded();
    let page = app.client.get("/").expect_status(200).text();
    let row = shown(&page, MESSENGER);
    for (name, n) in [("accepted", 4), ("forged", 3), ("unparseable", 2), ("rejected", 0)] {
        assert!(
            row.contains(&format!("data-count=\"{name}\" data-value=\"{n}\"")),
            "{name}: {row}"
        );
    }
    // Not by colour alone.
    assert_eq!(row.matches("Attention: ").count(), 3, "conflicts, forged, unparseable");
    assert!(page.contains("data-refusal=\"signature_mismatch\"") && page.contains("no_person"));
    assert!(!page.contains("id=\"braintree-note\""));
}

#[test]
fn the_page_says_what_braintree_cannot_tell() {
    let pair = "key_pairs = [{ public_key = \"public\", private_key = \"private\" }]";
    let app = TestApp::with(|config| config.sources = vec![source_with("braintree", pair)]);
    let page = app.client.get("/").expect_status(200).text();
    let note = page.split("id=\"braintree-note\"").nth(1).unwrap();
    assert!(note.contains("not of ordinary card sales") && note.contains("POST /v1/events"));
}
