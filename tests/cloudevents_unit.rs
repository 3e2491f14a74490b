//! Rules of the native contract: what makes an event, what refuses one, and what makes two the same.

use std::collections::BTreeSet;

use botledger::config::{Limits, UserIds};
use botledger::ingest::batch::{self, Attributes, Format, Judged};
use botledger::ingest::cloudevents::{decode_header, is_json, parse};
use botledger::ingest::json::Text;
use botledger::ingest::privacy::Privacy;
use botledger::ingest::{Code, Rejection};
use botledger::model::{CheckoutPath, Event, EventType, Mode, TimeOrigin};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

fn now() -> DateTime<Utc> {
    at("2016-09-12T12:00:00Z")
}

/// As it is kept where ids stay plain: what becomes of people is told in `privacy_unit`.
fn privacy() -> Privacy {
    Privacy::new(&[7; 32], UserIds::Plain)
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

/// A good event of a type with the given data.
fn event(kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "id": "e1", "source": "/tests", "type": kind, "time": "2016-09-12T09:00:00Z", "data": data})
}

fn bot() -> Value {
    event("bot.registered", json!({"bot_id": "b1", "platform": "messenger"}))
}

fn captured(amount: Value) -> Value {
    event(
        "transaction.captured",
        json!({"provider": "stripe", "payment_id": "p1", "amount": amount}),
    )
}

fn read(value: &Value) -> Result<Event, Rejection> {
    parse(value.to_string().as_bytes(), now(), &privacy())
}

fn minor(value: &str, currency: &str) -> Result<i64, Code> {
    match read(&captured(json!({"value": value, "currency": currency}))) {
        Ok(event) => Ok(event.amount.unwrap().minor),
        Err(rejection) => Err(rejection.code),
    }
}

/// The event with one attribute or, under `/data`, one field changed; null removes its meaning.
fn with(mut value: Value, pointer: &str, to: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap()[name] = to;
    value
}

fn refused(value: Value) -> (Code, String) {
    let rejection = read(&value).unwrap_err();
    (
        rejection.code,
        rejection.field.map(|field| field.into_owned()).unwrap_or_default(),
    )
}

#[test]
fn reads_every_field_of_a_checkout() {
    let event = read(&event(
        "checkout.started",
        json!({"bot_id": "b1", "platform": "messenger", "conversation_id": "c1", "user_id": "u1", "country": "US",
               "acquisition": "ad", "checkout_id": "k1", "path": "in_thread", "credential": "saved",
               "amount": {"value": "29.62", "currency": "USD"}, "mode": "test"}),
    ))
    .unwrap();
    assert_eq!(event.kind, EventType::CheckoutStarted);
    assert_eq!(event.path, Some(CheckoutPath::InThread));
    assert_eq!(event.mode, Mode::Test);
    assert_eq!(event.amount.unwrap().minor, 2962);
    assert_eq!(
        (event.country.as_deref(), event.user_id.as_deref()),
        (Some("US"), Some("u1"))
    );
    assert_eq!(event.extra, None);
}

#[test]
fn counts_amounts_in_minor_units_exactly() {
    assert_eq!(minor("29.62", "USD"), Ok(2962));
    assert_eq!(minor("29.6", "USD"), Ok(2960));
    assert_eq!(minor("29.6200", "USD"), Ok(2962));
    assert_eq!(minor("0.29", "EUR"), Ok(29));
    assert_eq!(minor("1500", "JPY"), Ok(1500));
    assert_eq!(minor("1500.00", "JPY"), Ok(1500));
    assert_eq!(minor("1.234", "KWD"), Ok(1234));
    assert_eq!(minor("50", "XTR"), Ok(50));
    assert_eq!(minor("0", "USD"), Ok(0));
    assert_eq!(minor("92233720368547758.07", "USD"), Ok(i64::MAX));
}

#[test]
fn refuses_amounts_that_are_not_exact() {
    assert_eq!(minor("92233720368547758.08", "USD"), Err(Code::AmountTooLarge));
    assert_eq!(minor("29.625", "USD"), Err(Code::AmountTooManyDecimals));
    assert_eq!(minor("1500.5", "JPY"), Err(Code::AmountTooManyDecimals));
    assert_eq!(minor("-1.00", "USD"), Err(Code::AmountNegative));
    for wrong in ["", ".", "1e3", "1,50", "+1", " 1", "0x10", "NaN", "１"] {
        assert_eq!(minor(wrong, "USD"), Err(Code::AmountNotDecimal), "{wrong:?}");
    }
    for unknown in ["usd", "US", "XXX", "XAU", "ZZZ", ""] {
        assert_eq!(minor("1", unknown), Err(Code::UnknownCurrency), "{unknown:?}");
    }
}

#[test]
fn reaches_every_code_and_names_the_field() {
    let long = "x".repeat(257);
    let many = vec![999_999; 3_000];
    let mut cases = vec![
        (with(bot(), "/id", Value::Null), Code::MissingField, "id"),
        (with(bot(), "/data", Value::Null), Code::MissingField, "data"),
        (
            with(bot(), "/data/bot_id", Value::Null),
            Code::MissingField,
            "data.bot_id",
        ),
        (with(bot(), "/source", json!(5)), Code::WrongType, "source"),
        (
            with(bot(), "/data/payments_enabled", json!("yes")),
            Code::WrongType,
            "data.payments_enabled",
        ),
        (
            with(bot(), "/specversion", json!("0.3")),
            Code::UnsupportedSpecversion,
            "specversion",
        ),
        (with(bot(), "/type", json!("bot.exploded")), Code::UnknownType, "type"),
        (with(bot(), "/type", json!("other")), Code::UnknownType, "type"),
        (
            with(bot(), "/time", json!("12 September 2016")),
            Code::InvalidTime,
            "time",
        ),
        (
            with(bot(), "/time", json!("2016-09-12T09:00:00")),
            Code::InvalidTime,
            "time",
        ),
        (
            with(bot(), "/time", json!("2016-09-13T12:00:01Z")),
            Code::TimeInFuture,
            "time",
        ),
        (
            with(bot(), "/datacontenttype", json!("text/xml")),
            Code::UnsupportedData,
            "datacontenttype",
        ),
        (
            with(bot(), "/data_base64", json!("e30=")),
            Code::UnsupportedData,
            "data_base64",
        ),
        (with(bot(), "/data", json!([1])), Code::DataNotObject, "data"),
        (with(bot(), "/data", json!("{}")), Code::DataNotObject, "data"),
        (with(bot(), "/data/bot_id", json!("")), Code::Empty, "data.bot_id"),
        (with(bot(), "/data/name", json!(long)), Code::TooLong, "data.name"),
        (
            with(bot(), "/data/name", json!("a\u{7}b")),
            Code::ControlCharacter,
            "data.name",
        ),
        (
            with(bot(), "/data/name", json!("é\u{85}")),
            Code::ControlCharacter,
            "data.name",
        ),
        (
            with(bot(), "/data/bot_id", json!("4111 1111 1111 1111")),
            Code::CardNumber,
            "data.bot_id",
        ),
        (
            with(bot(), "/data/platform", json!("Messenger")),
            Code::InvalidWord,
            "data.platform",
        ),
        (with(bot(), "/data/mode", json!("dry")), Code::UnknownWord, "data.mode"),
        (
            with(bot(), "/data/country", json!("us")),
            Code::InvalidCountry,
            "data.country",
        ),
        (with(bot(), "/data/new_field", json!(many)), Code::ExtraTooLarge, "data"),
        (
            captured(json!({"value": 29.62, "currency": "USD"})),
            Code::AmountNotString,
            "data.amount.value",
        ),
        (
            captured(json!({"value": "x", "currency": "USD"})),
            Code::AmountNotDecimal,
            "data.amount.value",
        ),
        (
            captured(json!({"value": "-1", "currency": "USD"})),
            Code::AmountNegative,
            "data.amount.value",
        ),
        (
            captured(json!({"value": "1.001", "currency": "USD"})),
            Code::AmountTooManyDecimals,
            "data.amount.value",
        ),
        (
            captured(json!({"value": "9".repeat(20), "currency": "USD"})),
            Code::AmountTooLarge,
            "data.amount.value",
        ),
        (
            captured(json!({"value": "1", "currency": "XQX"})),
            Code::UnknownCurrency,
            "data.amount.currency",
        ),
        (
            captured(json!({"value": "1"})),
            Code::MissingField,
            "data.amount.currency",
        ),
        (captured(json!("29.62")), Code::WrongType, "data.amount"),
    ];
    let cart = json!({"bot_id": "b", "platform": "web", "conversation_id": "c", "item_count": -1});
    cases.push((event("cart.updated", cart), Code::OutOfRange, "data.item_count"));
    let encoded = with(with(bot(), "/data", Value::Null), "/data_base64", json!("e30"));
    cases.push((encoded, Code::InvalidBase64, "data_base64"));
    let mut reached: BTreeSet<Code> = BTreeSet::new();
    for (value, code, field) in cases {
        assert_eq!(refused(value.clone()), (code, field.to_owned()), "{value}");
        reached.insert(code);
    }
    reached.insert(parse(b"{", now(), &privacy()).unwrap_err().code);
    reached.insert(
        lines(
            "{\"pad\":\"0123456789\"}",
            &Limits {
                event_bytes: 10,
                ..Limits::default()
            },
        )
        .rejected[0]
            .1
            .code,
    );
    assert_eq!(reached.into_iter().collect::<Vec<_>>(), Code::ALL.to_vec());
}

#[test]
fn words_of_codes_are_distinct_and_documented() {
    let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words.len(), Code::ALL.len());
    assert!(Code::ALL.iter().all(|code| code.meaning().ends_with('.')));
}

#[test]
fn asks_each_type_for_its_own_fields() {
    let place = json!({"bot_id": "b", "platform": "web", "conversation_id": "c"});
    let payment = json!({"provider": "stripe", "payment_id": "p"});
    let money = json!({"value": "1.00", "currency": "USD"});
    let needs = |kind: &str, data: &Value| refused(event(kind, data.clone()));
    let missing = |field: &str| (Code::MissingField, format!("data.{field}"));
    assert_eq!(
        needs("conversation.started", &json!({"bot_id": "b", "platform": "web"})),
        missing("conversation_id")
    );
    assert_eq!(needs("conversation.message", &place), missing("direction"));
    assert_eq!(needs("checkout.started", &place), missing("credential"));
    assert_eq!(needs("transaction.captured", &payment), missing("amount"));
    assert_eq!(
        needs("transaction.initiated", &json!({"provider": "stripe"})),
        missing("payment_id")
    );
    let refund = with(payment.clone(), "/amount", money.clone());
    assert_eq!(needs("transaction.refunded", &refund), missing("refund_id"));
    assert_eq!(
        needs("transaction.disputed", &with(refund, "/dispute_id", json!("d"))),
        missing("stage")
    );
    assert_eq!(
        needs("transaction.failed", &with(payment.clone(), "/bot_id", json!("b"))),
        missing("platform")
    );
    assert!(read(&event("transaction.failed", payment)).is_ok());
}

#[test]
fn time_is_utc_to_the_microsecond_and_bounded_by_a_day_ahead() {
    let time = |text: &str| read(&with(bot(), "/time", json!(text))).map(|event| (event.time, event.time_origin));
    let given = |text: &str| Ok((at(text), TimeOrigin::Given));
    assert_eq!(time("2016-09-12T11:00:00+02:00"), given("2016-09-12T09:00:00Z"));
    assert_eq!(
        time("2016-09-12T09:00:00.1234567Z"),
        given("2016-09-12T09:00:00.123456Z")
    );
    assert_eq!(time("2016-09-13T12:00:00Z"), given("2016-09-13T12:00:00Z"));
    assert_eq!(
        time("1969-12-31T23:59:59.9999999Z"),
        given("1969-12-31T23:59:59.999999Z")
    );
    let missing = read(&with(bot(), "/time", Value::Null)).unwrap();
    assert_eq!((missing.time, missing.time_origin), (now(), TimeOrigin::Missing));
}

#[test]
fn a_time_lies_between_1900_and_a_day_from_now() {
    let time = |text: &str| refused(with(bot(), "/time", json!(text))).0;
    for early in [
        "0001-01-01T00:00:00Z",
        "1899-12-30T00:00:00Z",
        "1899-12-31T23:59:59.999Z",
        "1900-01-01T00:00:00+00:01",
    ] {
        assert_eq!(time(early), Code::InvalidTime, "{early}");
    }
    for late in ["2200-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"] {
        assert_eq!(time(late), Code::TimeInFuture, "{late}");
    }
    assert_eq!(time("2016-06-30T23:59:60Z"), Code::InvalidTime);
    let taken = read(&with(bot(), "/time", json!("2015-07-01T01:59:60+02:00"))).unwrap();
    assert_eq!(taken.time, at("2015-06-30T23:59:59.999999Z"));
    assert!(read(&with(bot(), "/time", json!("1900-01-01t00:00:00z"))).is_ok());
}

#[test]
fn content_is_compared_by_value() {
    let data = |amount: &str, beside: &str| {
        let text = format!(
            r#"{{"specversion":"1.0","id":"1","source":"s","type":"checkout.started","data":{{"platform":"web","bot_id":"b",
            "conversation_id":"c","path":"webview","credential":"new","amount":{amount},{beside}}}}}"#
        );
        parse(text.as_bytes(), now(), &privacy()).unwrap()
    };
    let first = data(
        r#"{"value":"5.00","currency":"USD"}"#,
        r#""rank":100,"deep":[{"x":0.5}]"#,
    );
    for (amount, beside) in [
        (
            r#"{"value":"5.0","currency":"USD"}"#,
            r#""rank":1e2,"deep":[{"x":5E-1}]"#,
        ),
        (
            r#"{"currency":"USD","value":"5"}"#,
            r#""deep":[{"x":0.50}],"rank":100.0"#,
        ),
        (
            r#"{"value":"05.000","currency":"\u0055SD"}"#,
            r#""ran\u006b":1.0e+2,"deep":[{"x":0.5e0}]"#,
        ),
    ] {
        let again = data(amount, beside);
        assert_eq!(
            (again.content, &again.extra),
            (first.content, &first.extra),
            "{amount} {beside}"
        );
    }
    let differing = [
        data(
            r#"{"value":"5.01","currency":"USD"}"#,
            r#""rank":100,"deep":[{"x":0.5}]"#,
        ),
        data(
            r#"{"value":"5.00","currency":"EUR"}"#,
            r#""rank":100,"deep":[{"x":0.5}]"#,
        ),
        data(
            r#"{"value":"5.00","currency":"USD"}"#,
            r#""rank":"100","deep":[{"x":0.5}]"#,
        ),
        data(
            r#"{"value":"5.00","currency":"USD"}"#,
            r#""rank":100.01,"deep":[{"x":0.5}]"#,
        ),
        data(
            r#"{"value":"5.00","currency":"USD"}"#,
            r#""rank":-100,"deep":[{"x":0.5}]"#,
        ),
        first,
    ];
    let contents: BTreeSet<i64> = differing.iter().map(|event| event.content).collect();
    assert_eq!(contents.len(), differing.len());
}

#[test]
fn what_an_earlier_version_stored_is_the_same_event() {
    let spelled = |value: &str| read(&captured(json!({"value": value, "currency": "USD"}))).unwrap();
    // As it was written then: {"amount":{"currency":"USD","value":"5.0"},"payment_id":"p1","provider":"stripe"}
    let written = |value: &str| {
        let data =
            format!(r#"{{"amount":{{"currency":"USD","value":"{value}"}},"payment_id":"p1","provider":"stripe"}}"#);
        botledger::model::event::content_key("transaction.captured", None, &data)
    };
    let (usual, short) = (spelled("5.00"), spelled("5.0"));
    assert_eq!((usual.content, usual.former), (written("5.00"), None));
    assert_eq!((short.content, short.former), (written("5.00"), Some(written("5.0"))));
}

#[test]
fn whole_numbers_are_whole_in_every_spelling() {
    let cart = |count: &str| {
        let text = format!(
            r#"{{"specversion":"1.0","id":"1","source":"s","type":"cart.updated","data":{{"platform":"web","bot_id":"b",
            "conversation_id":"c","item_count":{count}}}}}"#
        );
        parse(text.as_bytes(), now(), &privacy()).map(|event| event.item_count)
    };
    for two in ["2", "2.0", "2e0", "20E-1", "0.2e+1"] {
        assert_eq!(cart(two), Ok(Some(2)), "{two}");
    }
    assert_eq!(cart("-0.0"), Ok(Some(0)));
    for wrong in ["2.5", "-2", "4294967296", "1e999", "5e-1"] {
        assert_eq!(cart(wrong).unwrap_err().code, Code::OutOfRange, "{wrong}");
    }
    assert_eq!(cart("00012").unwrap_err().code, Code::Malformed);
}

#[test]
fn an_unknown_type_is_answered_with_those_there_are() {
    let rejection = read(&with(bot(), "/type", json!("bot.exploded"))).unwrap_err();
    for kind in EventType::ALL.iter().filter(|kind| **kind != EventType::Other) {
        assert!(rejection.message.contains(kind.as_str()), "{}", rejection.message);
    }
    assert!(!rejection.message.contains("other"));
}

#[test]
fn content_ignores_order_white_space_escapes_nulls_and_time() {
    let plain = r#"{"specversion":"1.0","id":"1","source":"s","type":"bot.updated","time":"2016-01-01T00:00:00Z",
        "data":{"bot_id":"b1","platform":"web","name":"Zoë","deep":{"a":[1,{"x":1,"y":2}],"b":null}}}"#;
    let shuffled = r#" {"data" : { "deep":{"b":null, "a":[ 1 , {"y":2,"x":1}]}, "name":"Zo\u00eb",
        "platform":"web", "category":null, "bot\u005fid":"b1"}, "type":"bot.updated","source":"s","id":"1",
        "specversion":"1.0","time":"2017-01-01T00:00:00Z"} "#;
    let later = at("2018-01-01T00:00:00Z");
    let (a, b) = (
        parse(plain.as_bytes(), later, &privacy()).unwrap(),
        parse(shuffled.as_bytes(), later, &privacy()).unwrap(),
    );
    assert_eq!(a.content, b.content);
    assert_eq!(a.extra, b.extra);
    assert_eq!(a.extra.as_deref(), Some(r#"{"deep":{"a":[1,{"x":1,"y":2}]}}"#));
    assert_ne!(a.time, b.time);
}

#[test]
fn content_tells_type_subject_and_every_value_apart() {
    let content = |value: Value| read(&value).unwrap().content;
    let variants = [
        bot(),
        with(bot(), "/type", json!("bot.updated")),
        with(bot(), "/subject", json!("x")),
        with(bot(), "/data/bot_id", json!("b2")),
        with(bot(), "/data/name", json!("b1")),
        with(bot(), "/data/extra", json!(1)),
        with(bot(), "/data/extra", json!("one")),
        with(bot(), "/data/extra", json!([1])),
        with(bot(), "/data/extra", json!([[1]])),
    ];
    let distinct: BTreeSet<i64> = variants.iter().cloned().map(content).collect();
    assert_eq!(distinct.len(), variants.len());
    // The identity and extension attributes are no content.
    assert_eq!(content(with(bot(), "/id", json!("other"))), content(bot()));
    assert_eq!(content(with(bot(), "/traceparent", json!("00-1"))), content(bot()));
}

#[test]
fn data_base64_is_the_same_as_data() {
    // {"bot_id":"b1","platform":"messenger"}
    let encoded = json!("eyJib3RfaWQiOiJiMSIsInBsYXRmb3JtIjoibWVzc2VuZ2VyIn0=");
    let event = read(&with(with(bot(), "/data", Value::Null), "/data_base64", encoded)).unwrap();
    assert_eq!(event, read(&bot()).unwrap());
}

#[test]
fn fields_of_other_types_and_unknown_ones_are_kept_aside() {
    let event = read(&with(
        with(bot(), "/data/stage", json!("inquiry")),
        "/data/zeta",
        json!({"b": 1, "a": "é"}),
    ))
    .unwrap();
    assert_eq!(event.stage, None);
    assert_eq!(event.extra.as_deref(), Some(r#"{"stage":"inquiry","zeta":{"b":1}}"#));
}

#[test]
fn a_reversal_may_have_an_id_of_its_own() {
    let data = json!({"provider": "stripe", "payment_id": "p", "refund_id": "rv1", "capture_id": "c1"});
    let reversal = read(&event("transaction.reversed", data)).unwrap();
    let ids = [&reversal.refund_id, &reversal.capture_id].map(Option::as_deref);
    assert_eq!((ids, reversal.extra), ([Some("rv1"), Some("c1")], None));
}

#[test]
fn nesting_is_bounded() {
    for depth in [17, 10_000] {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let text = bot()
            .to_string()
            .replace("\"b1\"", &format!("\"b1\",\"deep\":{nested}"));
        assert_eq!(
            parse(text.as_bytes(), now(), &privacy()).unwrap_err().code,
            Code::ExtraTooLarge
        );
    }
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    for text in [
        r#"{"specversion":"1.0","id":"1","id":"2","source":"s","type":"bot.updated","data":{"bot_id":"b","platform":"web"}}"#,
        r#"{"specversion":"1.0","id":"1","source":"s","type":"bot.updated","data":{"bot_id":"b","platform":"web","bot_id":"c"}}"#,
        r#"{"specversion":"1.0","id":"1","source":"s","type":"transaction.captured","data":{"provider":"stripe","payment_id":"p","amount":{"value":"1","currency":"USD","value":"2"}}}"#,
    ] {
        assert_eq!(
            parse(text.as_bytes(), now(), &privacy()).unwrap_err().code,
            Code::Malformed,
            "{text}"
        );
    }
}

#[test]
fn a_rejection_carries_the_id_where_it_can_be_read() {
    assert_eq!(
        read(&with(bot(), "/type", json!("x"))).unwrap_err().id.as_deref(),
        Some("e1")
    );
    assert_eq!(read(&with(bot(), "/id", json!(7))).unwrap_err().id, None);
    assert_eq!(parse(b"[]", now(), &privacy()).unwrap_err().code, Code::Malformed);
    assert_eq!(parse(b"\xff", now(), &privacy()).unwrap_err().code, Code::Malformed);
}

#[test]
fn headers_are_unquoted_and_percent_decoded_once() {
    let decode = |text: &str| decode_header(text.as_bytes());
    assert_eq!(decode("Euro%20%E2%82%AC%20%F0%9F%98%80").as_deref(), Some("Euro € 😀"));
    assert_eq!(decode("100%25").as_deref(), Some("100%"));
    assert_eq!(decode("%2541").as_deref(), Some("%41"));
    assert_eq!(decode("50% off %zz %4").as_deref(), Some("50% off %zz %4"));
    assert_eq!(decode(r#""a \"b\"%20c""#).as_deref(), Some("a \"b\" c"));
    assert_eq!(decode("%FF"), None);
    assert!(is_json("Application/JSON; charset=utf-8") && is_json("application/vnd.x+json") && !is_json("text/plain"));
}

fn lines(text: &str, limits: &Limits) -> Judged {
    batch::judge(text.as_bytes(), &Format::Lines, limits, now(), &privacy()).unwrap()
}

#[test]
fn a_batch_is_judged_event_by_event_in_every_form() {
    let bad = with(bot(), "/type", json!("x"));
    let array = json!([bot(), bad, 5, bot()]).to_string();
    let text = format!("{}\r\n\n{}\nnonsense\n  {}", bot(), bad, bot());
    let limits = Limits::default();
    let places = |judged: &Judged| {
        let codes: Vec<(usize, Code)> = judged
            .rejected
            .iter()
            .map(|(at, rejection)| (*at, rejection.code))
            .collect();
        (judged.places.clone(), codes)
    };
    let expected = (vec![0, 3], vec![(1, Code::UnknownType), (2, Code::Malformed)]);
    assert_eq!(places(&lines(&text, &limits)), expected);
    assert_eq!(
        places(&batch::judge(array.as_bytes(), &Format::Batch, &limits, now(), &privacy()).unwrap()),
        expected
    );
}

#[test]
fn only_what_is_no_batch_at_all_fails_as_a_whole() {
    let limits = Limits {
        batch_events: 2,
        ..Limits::default()
    };
    let code = |body: &str, format: Format| {
        batch::judge(body.as_bytes(), &format, &limits, now(), &privacy())
            .unwrap_err()
            .code()
    };
    assert_eq!(code("{\"a\":1}", Format::Batch), "unparseable");
    assert_eq!(code("[1,2", Format::Batch), "unparseable");
    assert_eq!(code("[1,2] x", Format::Batch), "unparseable");
    assert_eq!(code("", Format::Structured), "unparseable");
    assert_eq!(code("[]", Format::Structured), "unparseable");
    assert_eq!(code("[1,2,3]", Format::Batch), "batch_too_large");
    assert_eq!(code("1\n2\n3\n", Format::Lines), "batch_too_large");
    assert!(
        batch::judge(b"[]", &Format::Batch, &limits, now(), &privacy())
            .unwrap()
            .events
            .is_empty()
    );
    assert_eq!(lines("1\n\n2\n", &limits).rejected.len(), 2);
}

#[test]
fn binary_mode_makes_the_same_event_as_structured_mode() {
    let given = |text: &str| Text::Given(text.to_owned().into());
    let attributes = Attributes {
        specversion: given("1.0"),
        id: given("e1"),
        source: given("/tests"),
        kind: given("bot.registered"),
        time: given("2016-09-12T09:00:00Z"),
        ..Attributes::default()
    };
    let format = Format::Binary(Box::new(attributes));
    let limits = Limits::default();
    let judged = batch::judge(
        bot()["data"].to_string().as_bytes(),
        &format,
        &limits,
        now(),
        &privacy(),
    )
    .unwrap();
    assert_eq!(judged.events, vec![read(&bot()).unwrap()]);
    let empty = batch::judge(b"", &format, &limits, now(), &privacy()).unwrap();
    assert_eq!(empty.rejected[0].1.code, Code::MissingField);
}

#[test]
#[ignore = "a measurement"]
fn speed_of_parsing() {
    // As it is by default: the person is hashed twice, once as the part of the conversation.
    let privacy = Privacy::new(&[7; 32], UserIds::Hashed);
    let made: Vec<String> = (0..200_000)
        .map(|n| {
            format!(
                r#"{{"specversion":"1.0","id":"evt-{n}","source":"/generator","type":"conversation.message","time":"2016-09-12T09:{:02}:{:02}Z","data":{{"bot_id":"bot-{}","platform":"messenger","conversation_id":"bot-1:user-{n}","user_id":"user-{n}","direction":"in"}}}}"#,
                n / 60 % 60, n % 60, n % 997
            )
        })
        .collect();
    for _ in 0..8 {
        let started = std::time::Instant::now();
        let sum = made
            .iter()
            .map(|line| parse(line.as_bytes(), now(), &privacy).unwrap().content)
            .fold(0i64, i64::wrapping_add);
        let seconds = started.elapsed().as_secs_f64();
        println!(
            "{:.0} events/s of {} bytes ({sum})",
            made.len() as f64 / seconds,
            made[0].len()
        );
    }
}
