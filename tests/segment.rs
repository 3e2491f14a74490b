//! Segment's API: what its messages become, what they are told, and the real client with nothing changed but its host.

use botledger::config::UserIds;
use serde_json::{Value, json};

use crate::sdks::run;
use crate::support::app::{TestApp, key};
use crate::support::client::{Reply, gzip};
use crate::support::ledger::Ledger;

fn start() -> TestApp {
    TestApp::with(|config| config.privacy.user_ids = UserIds::Plain)
}

fn post_to(app: &TestApp, address: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json")];
    app.client.post(address, &headers, body.to_string().as_bytes())
}

fn post(app: &TestApp, messages: &[Value]) -> Value {
    let body = json!({"batch": messages, "sentAt": "2025-12-31T23:00:00.000Z", "writeKey": "not looked at"});
    post_to(app, "/v1/batch", &body).expect_status(200).json()
}

/// A call of track about one conversation.
fn track(id: &str, event: &str, properties: Value) -> Value {
    let mut own = json!({"platform": "web", "bot_id": "shop", "conversation_id": "c1"});
    own.as_object_mut()
        .unwrap()
        .extend(properties.as_object().unwrap().clone());
    json!({"type": "track", "messageId": id, "event": event, "userId": "u1", "properties": own,
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}, "ip": "203.0.113.7"},
        "timestamp": "2016-09-12T09:00:00.250+02:00", "integrations": {}})
}

fn rejected(answer: &Value) -> Vec<(i64, &str, &str)> {
    let all = answer["rejected"].as_array().unwrap();
    let text = |rejected: &'_ Value, name: &str| rejected[name].as_str().map(str::to_owned).unwrap_or_default();
    all.iter()
        .map(|one| {
            let (code, field) = (text(one, "code"), text(one, "field"));
            (one["index"].as_i64().unwrap(), &*code.leak(), &*field.leak())
        })
        .collect()
}

/// Accepted, duplicates, conflicts, rejected, other.
fn counts(answer: &Value) -> [u64; 5] {
    let count = |name: &str| answer[name].as_u64().unwrap();
    let rejected = answer["rejected"].as_array().unwrap().len() as u64;
    [
        count("accepted"),
        count("duplicates"),
        count("conflicts"),
        rejected,
        count("other"),
    ]
}

fn ledger(app: &mut TestApp) -> Ledger {
    app.stop();
    Ledger::open(&app.config.data_dir)
}

#[test]
fn names_of_the_contract_and_of_segments_specifications_become_its_types() {
    let mut app = start();
    let names = [
        ("conversation.started", "conversation.started"),
        ("Conversation Started", "conversation.started"),
        ("Live Chat Conversation Ended", "conversation.ended"),
        ("Message Received", "conversation.message"),
        ("Message Sent", "conversation.message"),
        ("Product List Viewed", "catalog.viewed"),
        ("Product Viewed", "product.viewed"),
        ("Product Added", "cart.updated"),
        ("Cart Updated", "cart.updated"),
        ("Checkout Started", "checkout.started"),
        ("Order Completed", "transaction.captured"),
        ("Transaction Captured", "transaction.captured"),
        ("Order Refunded", "transaction.refunded"),
        ("Transaction Requires Action", "transaction.requires_action"),
    ];
    let more = json!({"path": "in_thread", "credential": "saved", "checkout_id": "k1", "product_id": 507, "provider":
        "stripe", "order_id": "pi_1", "refund_id": "re_1", "total": 29.62, "currency": "usd",
        "products": [{"name": "Hat"}], "email": "ada@example.org"});
    let messages: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(at, (name, _))| track(&format!("{at:02}"), name, more.clone()))
        .collect();
    let answer = post(&app, &messages);
    assert_eq!(counts(&answer), [14, 0, 0, 0, 0], "{answer}");
    assert_eq!(answer["success"], true);
    assert!(answer["received_at"].is_string());
    let ledger = ledger(&mut app);
    let kinds: Vec<String> = ledger.rows("select kind from events order by id").concat();
    assert_eq!(kinds, names.map(|(_, kind)| kind));
    let row = "select source, id, time::varchar, platform, bot_id, conversation_id, user_id, item_id, extra \
               from events where kind = 'product.viewed'";
    assert_eq!(
        ledger.rows(row),
        [[
            "/segment",
            "06",
            "2016-09-12 07:00:00.25",
            "web",
            "shop",
            "c1",
            "u1",
            "507",
            ""
        ]]
    );
    assert_eq!(
        ledger.rows("select direction from events where kind = 'conversation.message' order by id"),
        [["in"], ["out"]]
    );
    let money = "select distinct minor, currency, provider, payment_id from events where kind like 'transaction.%' \
                 and kind <> 'transaction.requires_action'";
    assert_eq!(ledger.rows(money), [["2962", "USD", "stripe", "pi_1"]]);
    assert_eq!(
        ledger.number("select count(*) from events t where t::varchar like '%ada@%' or t::varchar like '%Hat%'"),
        0
    );
}

#[test]
fn a_batch_is_taken_under_each_address_that_the_libraries_have() {
    let mut app = start();
    let paid = |id: &str| json!({"provider": "stripe", "order_id": id, "total": 29.62, "currency": "USD"});
    // Ruby writes offsets; .NET seven digits, and what is absent as null; Kotlin and Swift say what they send is text.
    let mut ruby = track("ruby", "Order Completed", paid("p1"));
    ruby["timestamp"] = json!("2016-09-12T09:00:00.000+00:00");
    ruby["userId"] = json!(42);
    let mut net = track("net", "Order Completed", paid("p2"));
    net["timestamp"] = json!("2016-09-12T07:00:00.2500000Z");
    net["anonymousId"] = Value::Null;
    net["options"] = Value::Null;
    let mut kotlin = track("kotlin", "Order Completed", paid("p3"));
    kotlin["anonymousId"] = json!("a1");
    kotlin["userId"] = json!("");
    kotlin["_metadata"] = json!({"bundled": [], "unbundled": []});
    let json_text = "application/json; charset=utf-8";
    for (address, kind, message) in [
        ("/v1/import", json_text, ruby),
        ("/v1/import", json_text, net),
        ("/v1/b", "text/plain", kotlin),
    ] {
        let body = json!({"batch": [message], "sentAt": "2016-09-12T07:00:01Z", "writeKey": "k", "messageId": "m"});
        let headers = [("content-type", kind), ("content-encoding", "gzip")];
        let packed = gzip(body.to_string().as_bytes());
        let answer = app.client.post(address, &headers, &packed).expect_status(200).json();
        assert_eq!(
            (counts(&answer), &answer["success"]),
            ([1, 0, 0, 0, 0], &json!(true)),
            "{answer}"
        );
    }
    let sources: Value = app.client.get("/v1/sources").expect_status(200).json();
    assert!(sources.to_string().contains("/v1/batch"), "counted under one address");
    let rows = ledger(&mut app).rows("select id, source, user_id, minor from events order by id");
    assert_eq!(
        rows,
        [
            ["kotlin", "/segment", "a1", "2962"],
            ["net", "/segment", "u1", "2962"],
            ["ruby", "/segment", "42", "2962"],
        ]
    );
}

#[test]
fn a_number_is_read_by_its_digits_and_never_rounded() {
    let mut app = start();
    let paid = |id: &str, sum: &str, currency: &str| {
        let text = track(
            id,
            "Order Completed",
            json!({"provider": "stripe", "order_id": id, "currency": currency}),
        );
        // Written as it stands: this is what a float in another language comes to.
        text.to_string()
            .replace("\"provider\"", &format!("\"total\":{sum},\"provider\""))
    };
    let sums = [
        ("a", "29.62", "USD"),
        ("b", "9007199254740993.01", "USD"),
        ("c", "\"0.30\"", "USD"),
        ("d", "1500", "JPY"),
        ("e", "1.125", "KWD"),
        ("f", "0.30000000000000004", "USD"),
        ("g", "15.5", "JPY"),
        ("h", "-1", "USD"),
        ("i", "1e300", "USD"),
        ("j", "1", "ZZZ"),
        ("k", "true", "USD"),
        ("l", "2962e-2", "USD"),
        ("m", "1E+2", "JPY"),
    ];
    let batch: Vec<String> = sums.iter().map(|(id, sum, currency)| paid(id, sum, currency)).collect();
    let body = format!("{{\"batch\":[{}]}}", batch.join(","));
    let answer = app
        .client
        .post("/v1/batch", &[], body.as_bytes())
        .expect_status(200)
        .json();
    let told = [
        (5, "amount_too_many_decimals", "properties.total"),
        (6, "amount_too_many_decimals", "properties.total"),
        (7, "amount_negative", "properties.total"),
        (8, "amount_not_decimal", "properties.total"),
        (9, "unknown_currency", "properties.currency"),
        (10, "amount_not_string", "properties.total"),
    ];
    assert_eq!(rejected(&answer), told);
    let minor = ledger(&mut app).rows("select minor from events order by id").concat();
    assert_eq!(
        minor,
        ["2962", "900719925474099301", "30", "1500", "1125", "2962", "100"]
    );
}

#[test]
fn the_contracts_own_amount_stays_a_text() {
    let app = start();
    let of = |id: &str, amount: Value| {
        track(
            id,
            "transaction.captured",
            json!({"provider": "stripe", "payment_id": id, "amount": amount}),
        )
    };
    let answer = post(
        &app,
        &[
            of("a", json!({"value": "29.62", "currency": "USD"})),
            of("b", json!({"value": 29.62, "currency": "USD"})),
            of("c", json!(29.62)),
        ],
    );
    assert_eq!(
        rejected(&answer),
        [
            (1, "amount_not_string", "properties.amount.value"),
            (2, "wrong_type", "properties.amount")
        ]
    );
}

#[test]
fn what_no_metric_reads_is_kept_once_by_its_name_and_is_no_error() {
    let mut app = start();
    let messages = [
        track("a", "Payment Info Entered", json!({"card": "4111 1111 1111 1111"})),
        json!({"type": "identify", "messageId": "b", "userId": "u1", "traits": {"email": "ada@example.org"}}),
        json!({"type": "page", "messageId": "c", "name": "Home", "properties": {"url": "https://shop.example"}}),
        json!({"type": "track", "messageId": "d", "event": "other", "timestamp": "yesterday"}),
        json!({"type": "something new", "messageId": "e", "timestamp": "2199-01-01T00:00:00Z"}),
    ];
    assert_eq!(counts(&post(&app, &messages)), [5, 0, 0, 0, 5]);
    assert_eq!(counts(&post(&app, &messages)), [0, 5, 0, 0, 5]);
    let ledger = ledger(&mut app);
    let rows = ledger.rows("select kind, notice, reason, extra, time_origin, user_id from events order by id");
    let row = |name, origin| ["other", name, "", "", origin, ""];
    assert_eq!(
        rows,
        [
            row("payment_info_entered", "given"),
            row("identify", "missing"),
            row("page", "missing"),
            row("other", "impossible"),
            row("something_new", "impossible"),
        ]
    );
    assert_eq!(
        ledger
            .rows("select distinct time::varchar from events where time_origin <> 'given'")
            .len(),
        1
    );
}

#[test]
fn a_fault_is_named_where_the_sender_finds_it_and_spoils_no_other_message() {
    let app = start();
    let mut no_id = track("x", "Conversation Started", json!({}));
    no_id.as_object_mut().unwrap().remove("messageId");
    let mut bad_time = track("t", "Conversation Started", json!({}));
    bad_time["timestamp"] = json!("12.09.2016");
    let mut future = track("f", "Conversation Started", json!({}));
    future["timestamp"] = json!("2199-01-01T00:00:00Z");
    let mut long_user = track("u", "Conversation Started", json!({}));
    long_user["userId"] = json!("u".repeat(300));
    let answer = post(
        &app,
        &[
            track("good", "Conversation Started", json!({})),
            no_id,
            bad_time,
            future,
            long_user,
            track("checkout", "Checkout Started", json!({"path": "in_thread"})),
            track(
                "order",
                "Order Completed",
                json!({"order_id": "1", "revenue": 5, "currency": "USD"}),
            ),
            track(
                "sum",
                "Order Completed",
                json!({"order_id": "1", "provider": "stripe", "revenue": 5}),
            ),
            track(
                "path",
                "Checkout Started",
                json!({"path": "/checkout", "credential": "new"}),
            ),
            track("place", "Conversation Started", json!({"platform": "Web Site"})),
            json!({"type": "track", "messageId": "nameless"}),
            json!("no object"),
            json!({"type": "identify"}),
        ],
    );
    assert_eq!(counts(&answer), [1, 0, 0, 12, 0], "{answer}");
    assert_eq!(
        rejected(&answer),
        [
            (1, "missing_field", "messageId"),
            (2, "invalid_time", "timestamp"),
            (3, "time_in_future", "timestamp"),
            (4, "too_long", "userId"),
            (5, "missing_field", "properties.credential"),
            (6, "missing_field", "properties.provider"),
            (7, "missing_field", "properties.currency"),
            (8, "unknown_word", "properties.path"),
            (9, "invalid_word", "properties.platform"),
            (10, "missing_field", "event"),
            (11, "malformed", ""),
            (12, "missing_field", "messageId"),
        ]
    );
    assert_eq!(answer["rejected"][4]["id"], "checkout");
}

#[test]
fn the_context_may_name_bot_and_conversation_once_for_all() {
    let mut app = start();
    let context = json!({"platform": "web", "bot_id": "shop", "conversation_id": "c9", "mode": "test"});
    let message = json!({"messageId": "a", "event": "Conversation Started", "anonymousId": 77, "context": context});
    let answer = post_to(&app, "/v1/track", &message).expect_status(200).json();
    assert_eq!(counts(&answer), [1, 0, 0, 0, 0], "{answer}");
    let row = ledger(&mut app).rows("select platform, bot_id, conversation_id, user_id, mode, time_origin from events");
    assert_eq!(row, [["web", "shop", "c9", "77", "test", "missing"]]);
}

#[test]
fn the_same_message_is_a_duplicate_and_another_under_its_id_a_conflict() {
    let app = start();
    let first = track("a", "Product Viewed", json!({"product_id": "p1"}));
    let other = track("a", "Product Viewed", json!({"product_id": "p2"}));
    assert_eq!(counts(&post(&app, std::slice::from_ref(&first))), [1, 0, 0, 0, 0]);
    let answer = post(&app, &[first, other]);
    assert_eq!(counts(&answer), [0, 1, 1, 0, 0]);
    assert_eq!(answer["conflicting"], json!([{"index": 1, "id": "a"}]));
}

#[test]
fn only_what_is_no_batch_fails_as_a_whole() {
    let app = TestApp::with(|config| config.limits.batch_events = 2);
    let answer = post_to(&app, "/v1/batch", &json!({"batch": []}))
        .expect_status(200)
        .json();
    assert_eq!((counts(&answer), &answer["received_at"]), ([0; 5], &Value::Null));
    post_to(&app, "/v1/batch", &json!([])).problem(400, "unparseable");
    post_to(&app, "/v1/batch", &json!({"batch": {}})).problem(400, "unparseable");
    post_to(&app, "/v1/batch", &json!({"batch": [{}, {}, {}]})).problem(413, "batch_too_large");
    app.client.post("/v1/batch", &[], b"{").problem(400, "unparseable");
    app.client.get("/v1/batch").problem(405, "method_not_allowed");
    let body = json!({"batch": [track("z", "Conversation Started", json!({}))]}).to_string();
    let headers = [("content-encoding", "gzip"), ("content-type", "application/json")];
    let zipped = app
        .client
        .post("/v1/batch", &headers, &gzip(body.as_bytes()))
        .expect_status(200);
    assert_eq!(zipped.json()["accepted"], 1);
}

#[test]
fn the_real_client_needs_nothing_but_another_host() {
    let mut app = TestApp::with(|config| {
        config.keys = vec![key("write-key")];
        config.privacy.user_ids = UserIds::Plain;
    });
    app.clock.set(&chrono::Utc::now().to_rfc3339());
    let told = run("segment_client.py", &[&app.client.url(""), "write-key"]);
    assert_eq!(
        told,
        json!({"errors": [], "refused": 401, "refused_code": "unknown"}),
        "what the client reports"
    );
    app.wait_folded();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let kinds = ledger.rows("select kind, count(*) from events group by all order by kind");
    let counted = [
        ["checkout.started", "1"],
        ["conversation.message", "1"],
        ["conversation.started", "1"],
        ["other", "3"],
        ["transaction.captured", "1"],
    ];
    assert_eq!(kinds, counted);
    let rows = ledger.rows(
        "select p.captured, p.currency, p.bot_id, p.checkout_id, p.conversation_key = c.conversation_key \
         from payments p, conversations c",
    );
    assert_eq!(rows, [["2962", "USD", "shop", "k1", "true"]]);
    assert_eq!(
        ledger.number("select count(*) from checkouts where paid_at is not null"),
        1
    );
    assert_eq!(
        ledger.number("select count(*) from events where time_origin <> 'given'"),
        0
    );
}
