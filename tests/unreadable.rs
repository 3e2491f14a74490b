//! A text or number that cannot be read costs what needs it, and nothing beside it, in every way in.

use botledger::config::{Limits, UserIds};
use botledger::ingest::batch::{self, Attributes, Format, Judged};
use botledger::ingest::json::Text;
use botledger::ingest::privacy::Privacy;
use botledger::ingest::webhooks::Webhook;
use botledger::ingest::{Code, segment};
use botledger::model::{Event, EventType};
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::support::app::{PRESENT, TestApp, instant, source, source_with};
use crate::support::client::{Counts, hmac};
use crate::support::ledger::Ledger;

/// Values that JSON does not have, or that a strict reader stops at.
const ODD: [&[u8]; 17] = [
    br#""great \ud83d""#,
    br#""\udc00\ud83d""#,
    br#""\x41""#,
    br#""\u12""#,
    b"\"a\x01b\nc\"",
    b"\"\xff\xfe\"",
    b"\"\xed\xa0\xbd \\\xff\"",
    b"1e999",
    b"-1E400",
    b"00012",
    b"-0",
    b"+5",
    b"NaN",
    b"-Infinity",
    b"123456789012345678901234567890",
    br#"{"a":1,"a":2,"\ud83d":[{"b":"\ud83d"}]}"#,
    br#"[0x1F,undefined,"\q",{"x":.5}]"#,
];

fn now() -> DateTime<Utc> {
    instant(PRESENT)
}

fn privacy() -> Privacy {
    Privacy::new(&[7; 32], UserIds::Plain)
}

/// A template with a value in place of each `@`.
fn filled(template: &str, value: &[u8]) -> Vec<u8> {
    template.split('@').map(str::as_bytes).collect::<Vec<_>>().join(value)
}

/// A value of a great many levels.
fn deep() -> Vec<u8> {
    [b"[{\"a\":".repeat(20_000), b"1".to_vec(), b"}]".repeat(20_000)].concat()
}

fn odd() -> Vec<Vec<u8>> {
    ODD.map(<[u8]>::to_vec).to_vec()
}

fn judge(body: &[u8], format: &Format) -> Judged {
    batch::judge(body, format, &Limits::default(), now(), &privacy()).unwrap()
}

fn ids(judged: &Judged) -> Vec<&str> {
    judged.events.iter().map(|event| event.id.as_str()).collect()
}

fn good(id: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/t","type":"bot.updated","data":{{"platform":"web","bot_id":"b"}}}}"#
    )
}

const BESIDE: &str = r#"{"specversion":"1.0","id":"e","source":"/t","traceparent":@,"type":"bot.updated","data":
    {"platform":"web","note":@,"bot_id":"b","more":{"list":[@,{"x":@}]}}}"#;

#[test]
fn what_stands_beside_an_event_costs_nothing() {
    for value in odd() {
        let told = String::from_utf8_lossy(&value).into_owned();
        let event = filled(BESIDE, &value);
        let single = event
            .iter()
            .map(|byte| if *byte == b'\n' { b' ' } else { *byte })
            .collect::<Vec<u8>>();
        let array = [
            b"[",
            good("1").as_bytes(),
            b",",
            &event,
            b",",
            good("3").as_bytes(),
            b"]",
        ]
        .concat();
        let lines = [good("1").as_bytes(), b"\n", &single, b"\r\n", good("3").as_bytes()].concat();
        assert_eq!(ids(&judge(&array, &Format::Batch)), ["1", "e", "3"], "{told}");
        assert_eq!(ids(&judge(&array, &Format::Json)), ["1", "e", "3"], "{told}");
        assert_eq!(ids(&judge(&lines, &Format::Lines)), ["1", "e", "3"], "{told}");
        assert_eq!(ids(&judge(&event, &Format::Structured)), ["e"], "{told}");
        let kept = judge(&event, &Format::Json).events;
        assert_eq!(kept[0].bot_id.as_deref(), Some("b"), "{told}");
        // The same again is the same.
        assert_eq!(
            kept[0].content,
            judge(&lines, &Format::Lines).events[1].content,
            "{told}"
        );
    }
}

#[test]
fn what_lies_deep_in_an_extension_costs_nothing() {
    let event = filled(
        r#"{"specversion":"1.0","id":"e","source":"/t","extra":[@,"\x"],"type":"bot.updated","data":{"platform":"web","bot_id":"b"}}"#,
        &deep(),
    );
    let limits = Limits {
        event_bytes: 1 << 20,
        ..Limits::default()
    };
    let judged = batch::judge(&event, &Format::Structured, &limits, now(), &privacy()).unwrap();
    assert_eq!(ids(&judged), ["e"]);
}

#[test]
fn data_in_binary_mode_and_encoded_data_are_read_alike() {
    let given = |text: &str| Text::Given(text.to_owned().into());
    for value in odd() {
        let data = filled(r#"{"platform":"web","note":@,"bot_id":"b"}"#, &value);
        let attributes = Attributes {
            specversion: given("1.0"),
            id: given("e"),
            source: given("/t"),
            kind: given("bot.updated"),
            ..Attributes::default()
        };
        assert_eq!(ids(&judge(&data, &Format::Binary(Box::new(attributes)))), ["e"]);
        let encoded = base64(&data);
        let event =
            format!(r#"{{"specversion":"1.0","id":"e","source":"/t","type":"bot.updated","data_base64":"{encoded}"}}"#);
        assert_eq!(ids(&judge(event.as_bytes(), &Format::Structured)), ["e"]);
    }
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn what_is_read_and_cannot_be_costs_its_own_event_only() {
    let texts = odd().into_iter().filter(|value| value.starts_with(b"\""));
    for value in texts {
        for (template, field) in [
            (
                r#"{"specversion":"1.0","id":@,"source":"/t","type":"bot.updated","data":{"platform":"web","bot_id":"b"}}"#,
                None,
            ),
            (
                r#"{"specversion":"1.0","id":"e","source":"/t","type":"bot.updated","data":{"platform":"web","bot_id":@}}"#,
                Some("data.bot_id"),
            ),
            (
                r#"{"specversion":"1.0","id":"e","source":"/t","type":"bot.updated","data":{"platform":"web","bot_id":"b","payments_enabled":@}}"#,
                Some("data.payments_enabled"),
            ),
            (
                r#"{"specversion":"1.0","id":"e","source":"/t","type":"bot.updated","data":{"platform":"web","bot_id":"b",@:1}}"#,
                Some("data"),
            ),
            (
                r#"{"specversion":"1.0","id":"e","source":"/t","type":"bot.updated","data":{"platform":"web","bot_id":"b"},@:1}"#,
                None,
            ),
        ] {
            let event = filled(template, &value);
            let array = [
                b"[",
                good("1").as_bytes(),
                b",",
                &event,
                b",",
                good("3").as_bytes(),
                b"]",
            ]
            .concat();
            let judged = judge(&array, &Format::Batch);
            let (place, rejection) = &judged.rejected[0];
            let told = (*place, rejection.code, rejection.field.as_deref());
            let shown = String::from_utf8_lossy(&event);
            assert_eq!(
                (ids(&judged), told),
                (vec!["1", "3"], (1, Code::Malformed, field)),
                "{shown}"
            );
        }
    }
}

#[test]
fn structure_is_never_guessed() {
    for broken in [
        "{\"specversion\":\"1.0\"",
        "{'specversion':'1.0'}",
        "{specversion:\"1.0\"}",
        "{\"a\" 1}",
        "{\"a\":1,}",
        "{\"a\":\"x}",
        "{\"a\":x y}",
        "]",
    ] {
        let judged = judge(format!("{broken}\n{}", good("2")).as_bytes(), &Format::Lines);
        assert_eq!(
            (ids(&judged), judged.rejected[0].1.code),
            (vec!["2"], Code::Malformed),
            "{broken}"
        );
    }
}

#[test]
fn a_call_of_a_segment_client_loses_nothing_by_what_it_carries_along() {
    let call = |id: &str, template: &str, value: &[u8]| {
        let start = format!(r#"{{"messageId":"{id}","type":"track","event":"Conversation Started","userId":"u","#);
        [start.as_bytes(), &filled(template, value)].concat()
    };
    let place = r#""bot_id":"b","platform":"web","conversation_id":"c""#;
    let plain = format!(r#""properties":{{{place}}}}}"#);
    let carrying = format!(r#""traits":@,"properties":{{{place},"title":@}},"context":{{"page":{{"title":@}}}}}}"#);
    for value in odd().into_iter().chain([deep()]) {
        let calls = [
            call("1", &plain, b""),
            call("2", &carrying, &value),
            call("3", &plain, b""),
        ];
        let body = [
            b"{\"sentAt\":",
            value.as_slice(),
            b",\"batch\":[",
            &calls.join(&b','),
            b"]}",
        ]
        .concat();
        let limits = Limits {
            event_bytes: 1 << 20,
            ..Limits::default()
        };
        let judged = segment::judge(&body, "/v1/batch", &limits, now(), &privacy()).unwrap();
        assert_eq!(ids(&judged), ["1", "2", "3"]);
        let single = segment::judge(&calls[1], "/v1/track", &limits, now(), &privacy()).unwrap();
        assert_eq!(single.events[0].kind, EventType::ConversationStarted);
    }
}

#[test]
fn an_activity_loses_nothing_by_what_was_said() {
    for value in odd().into_iter().chain([deep()]) {
        let template = r#"{"specversion":"1.0","id":"e","source":"/bot","type":"bot.activity","data":{"type":"message","text":@,
            "timestamp":"2016-09-23T20:07:49Z","channelId":"webchat","channelData":{"x":@},"from":{"id":"u","name":@,"role":"user"},
            "recipient":{"id":"shop","role":"bot"},"conversation":{"id":"c","name":@}}}"#;
        let limits = Limits {
            event_bytes: 1 << 20,
            ..Limits::default()
        };
        let judged = batch::judge(
            &filled(template, &value),
            &Format::Structured,
            &limits,
            now(),
            &privacy(),
        )
        .unwrap();
        assert_eq!(
            ids(&judged),
            ["e"],
            "{}",
            String::from_utf8_lossy(&value[..value.len().min(40)])
        );
        assert_eq!(judged.events[0].user_id.as_deref(), Some("u"));
    }
}

fn mapped(provider: &str, body: &[u8]) -> Vec<Event> {
    let mut source = source(provider, &["secret"]);
    if provider == "telegram" {
        source.bot_id = Some("700".into());
    }
    Webhook::open(&source).unwrap().events(body, now())
}

#[test]
fn a_webhook_loses_nothing_by_what_it_carries_along() {
    let stripe = r#"{"id":"evt_1","object":"event","type":"charge.succeeded","created":1472000000,"livemode":true,"request":@,
        "data":{"object":{"id":"ch_1","object":"charge","amount":500,"currency":"usd","captured":true,"amount_captured":500,
        "description":@,"billing_details":{"name":@}}}}"#;
    let telegram = r#"{"update_id":7,"message":{"message_id":1,"date":1472000000,"chat":{"id":42,"type":"private","first_name":@},
        "from":{"id":42,"is_bot":false,"first_name":@},"text":@}}"#;
    let paypal = r#"{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","create_time":"2016-09-01T00:00:00Z","summary":@,
        "resource":{"id":"cap","status":"COMPLETED","amount":{"value":"5.00","currency_code":"USD"},"note_to_payer":@}}"#;
    for value in odd().into_iter().chain([deep()]) {
        let told = String::from_utf8_lossy(&value[..value.len().min(40)]).into_owned();
        let charge = &mapped("stripe", &filled(stripe, &value))[0];
        assert_eq!(
            (charge.kind, charge.amount.unwrap().minor),
            (EventType::TransactionCaptured, 500),
            "{told}"
        );
        let said = &mapped("telegram", &filled(telegram, &value))[0];
        assert_eq!(
            (said.kind, said.id.as_str()),
            (EventType::ConversationMessage, "update:7"),
            "{told}"
        );
        let captured = &webhook_paypal().events(&filled(paypal, &value), now())[0];
        assert_eq!(
            (captured.kind, captured.payment_id.as_deref()),
            (EventType::TransactionCaptured, Some("cap")),
            "{told}"
        );
    }
}

fn webhook_paypal() -> Webhook {
    Webhook::open(&source_with("paypal", "webhook_ids = [\"8PT597110X687430L\"]")).unwrap()
}

#[test]
fn a_notification_of_braintree_loses_nothing_by_what_it_carries_along() {
    let settings = "key_pairs = [{ public_key = \"a\", private_key = \"b\" }]";
    let webhook = Webhook::open(&source_with("braintree", settings)).unwrap();
    let mapped = |template: &str, text: &[u8]| {
        let payload = base64(&filled(template, text));
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("bt_payload", &payload)
            .finish();
        webhook.events(form.as_bytes(), now()).remove(0)
    };
    let beside = "<notification><kind>transaction_settled</kind><timestamp>2016-09-20T10:00:00Z</timestamp><subject>\
        <transaction><id>t1</id><type>sale</type><status>settled</status><amount>5.00</amount>\
        <currency-iso-code>USD</currency-iso-code><descriptor><name url=\"@\">@</name></descriptor></transaction>\
        </subject></notification>";
    let within = beside.replace('@', "").replace("t1", "t@");
    for text in [
        b"\xff\xfe".as_slice(),
        b"&#xD83D;",
        b"&#0;",
        b"&nbsp;",
        b"a\x01b",
        b"Tom & Jerry",
        b"&#x110000;",
    ] {
        let told = String::from_utf8_lossy(text);
        let settled = mapped(beside, text);
        assert_eq!(settled.kind, EventType::TransactionCaptured, "{told}");
        assert_eq!(
            (settled.payment_id.as_deref(), settled.amount.unwrap().minor),
            (Some("t1"), 500),
            "{told}"
        );
        assert_eq!(mapped(&within, text).payment_id, None, "{told}");
    }
    let named = mapped(beside, b"caf&#xE9; &amp; &lt;&#128512;");
    assert_eq!(named.payment_id.as_deref(), Some("t1"));
}

#[test]
fn a_name_beside_those_that_are_read_costs_nothing() {
    let activity = br#"{"specversion":"1.0","id":"e","source":"/bot","type":"bot.activity","data":{"type":"message","\ud83d":1,
        "channelId":"webchat","from":{"id":"u","\ud83d":1},"recipient":{"id":"shop"},"conversation":{"id":"c","\ud83d":{}}}}"#;
    assert_eq!(ids(&judge(activity, &Format::Structured)), ["e"]);
    let amount =
        br#"{"specversion":"1.0","id":"e","source":"/t","type":"transaction.captured","data":{"provider":"stripe",
        "payment_id":"p","amount":{"value":"5.00","\ud83d":1,"currency":"USD"}}}"#;
    assert_eq!(judge(amount, &Format::Structured).events[0].amount.unwrap().minor, 500);
}

#[test]
fn an_id_that_cannot_be_read_is_never_stored() {
    let body = br#"{"id":"evt_1","object":"event","type":"charge.succeeded","created":1472000000,"livemode":true,
        "data":{"object":{"id":"ch_\ud83d","object":"charge","amount":500,"currency":"usd","captured":true}}}"#;
    let event = &mapped("stripe", body)[0];
    assert_eq!((event.kind, &event.payment_id), (EventType::Other, &None));
}

#[test]
fn every_message_of_a_delivery_with_half_an_emoji_is_taken() {
    let mut app = TestApp::with(|config| config.sources = vec![source("messenger", &["secret"])]);
    let at = instant(PRESENT).timestamp_millis() - 60_000;
    let item = |person: &str, text: &[u8]| {
        let template = format!(
            r#"{{"sender":{{"id":"{person}"}},"recipient":{{"id":"p"}},"timestamp":{at},"message":{{"mid":"m{person}","text":@}}}}"#
        );
        filled(&template, text)
    };
    let items: Vec<Vec<u8>> = odd()
        .iter()
        .enumerate()
        .map(|(nth, text)| item(&nth.to_string(), text))
        .collect();
    let start = format!(r#"{{"object":"page","entry":[{{"id":"p","time":{at},"messaging":["#);
    let body = [start.as_bytes(), &items.join(&b','), b"]}]}"].concat();
    let signature = format!("sha256={}", hmac("secret", &[&body]));
    for expected in [
        json!({"accepted": 17, "duplicates": 0}),
        json!({"accepted": 0, "duplicates": 17}),
    ] {
        let headers = [("x-hub-signature-256", signature.as_str())];
        let reply = app
            .client
            .post("/v1/webhooks/messenger/main", &headers, &body)
            .expect_status(200)
            .json();
        assert_eq!(
            (&reply["accepted"], &reply["duplicates"]),
            (&expected["accepted"], &expected["duplicates"])
        );
        assert_eq!(reply["other"], 0);
    }
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(
        ledger.number("select count(*) from events where kind = 'conversation.message'"),
        17
    );
}

#[test]
fn what_is_kept_of_an_unreadable_text_can_be_stored() {
    let mut app = TestApp::start();
    let lines: Vec<Vec<u8>> = odd()
        .iter()
        .enumerate()
        .map(|(nth, value)| {
            let id = nth.to_string();
            let event = filled(BESIDE, value)
                .into_iter()
                .filter(|byte| *byte != b'\n')
                .collect::<Vec<u8>>();
            replaced(&event, b"\"id\":\"e\"", format!("\"id\":\"{id}\"").as_bytes())
        })
        .collect();
    let headers = [("content-type", "application/x-ndjson")];
    let answer = app
        .client
        .post("/v1/events", &headers, &lines.join(&b'\n'))
        .expect_status(200)
        .json();
    let counts = Counts {
        accepted: 17,
        duplicates: 0,
        conflicts: 0,
        rejected: 0,
    };
    assert_eq!(Counts::of(&answer), counts, "{answer}");
    app.stop();
    assert_eq!(
        Ledger::open(&app.config.data_dir).number("select count(*) from events"),
        17
    );
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}
