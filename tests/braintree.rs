//! Braintree: what its own code signs is taken once, and each step of each transaction counts once.

use std::collections::BTreeMap;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use botledger::app::store_options;
use botledger::config::{Links, Source};
use botledger::ingest::webhooks::Webhook;
use botledger::model::{DisputeOutcome, DisputeStage, Event, EventType, FailureKind, Mode, TimeOrigin};
use botledger::store::Store;
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use sha1::{Digest, Sha1};

use crate::sdks;
use crate::support::app::{PRESENT, TestApp, TestClock, config, instant, source_with};
use crate::support::chance::cases;
use crate::support::ledger::Ledger;

const SETTINGS: &str = r#"
    key_pairs = [
        { public_key = "integration_public_key", private_key = "integration_private_key" },
        { public_key = "the_one_before", private_key = "its_secret" },
    ]
    currencies = { tokyo = "JPY", kuwait = "KWD" }
"#;

const ADDRESS: &str = "/v1/webhooks/braintree/main";

fn account(currency: &str) -> Source {
    source_with("braintree", &format!("{SETTINGS}\n{currency}"))
}

fn with_default() -> Source {
    account("currency = \"USD\"")
}

/// A notification as it is posted, signed with a key pair.
fn signed(xml: &str, public_key: &str, private_key: &str) -> String {
    let encoded = STANDARD.encode(xml);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let payload = lines.join("\n") + "\n";
    let mut mac = Hmac::<Sha1>::new_from_slice(&Sha1::digest(private_key)).unwrap();
    mac.update(payload.as_bytes());
    let signature = format!("{public_key}|{}", hex::encode(mac.finalize().into_bytes()));
    form_urlencoded::Serializer::new(String::new())
        .append_pair("bt_signature", &signature)
        .append_pair("bt_payload", &payload)
        .finish()
}

fn form(xml: &str) -> String {
    signed(xml, "integration_public_key", "integration_private_key")
}

fn notification(kind: &str, subject: &str) -> String {
    format!(
        "\n  <notification><kind>{kind}</kind><timestamp type=\"datetime\">2016-09-20T10:00:00Z</timestamp>\
         <subject>{subject}</subject></notification>"
    )
}

fn map_from(source: &Source, xml: &str) -> Vec<Event> {
    Webhook::open(source)
        .unwrap()
        .events(form(xml).as_bytes(), instant(PRESENT))
}

fn of_transaction(inner: &str) -> Vec<Event> {
    let subject = format!("<transaction>{inner}</transaction>");
    map_from(&with_default(), &notification("transaction_settled", &subject))
}

fn the_one(events: Vec<Event>) -> Event {
    let [event] = <[Event; 1]>::try_from(events).unwrap();
    event
}

fn reason(event: &Event) -> String {
    assert_eq!(event.kind, EventType::Other);
    event.reason.clone().unwrap_or_default()
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events
        .iter()
        .map(|event| event.kind.as_str().trim_start_matches("transaction."))
        .collect()
}

fn history(steps: &[(&str, &str, &str)]) -> String {
    let entries = steps.iter().map(|(time, status, amount)| {
        format!(
            "<status-event><timestamp type=\"datetime\">{time}</timestamp><status>{status}</status>\
             <amount>{amount}</amount><user>somebody</user></status-event>"
        )
    });
    format!(
        "<status-history type=\"array\">{}</status-history>",
        entries.collect::<String>()
    )
}

/// A sale of 10.00 that was settled in two hours.
fn sale(id: &str) -> String {
    let steps = [
        ("2016-09-16T12:00:00Z", "authorized", "10.00"),
        ("2016-09-16T12:00:00Z", "submitted_for_settlement", "10.00"),
        ("2016-09-16T12:00:01Z", "settling", "10.00"),
        ("2016-09-16T14:00:00Z", "settled", "10.00"),
    ];
    format!(
        "<transaction><id>{id}</id><status>settled</status><type>sale</type><amount>10.00</amount>\
         <currency-iso-code>USD</currency-iso-code><payment-instrument-type>credit_card</payment-instrument-type>\
         <credit-card><card-type>Visa</card-type></credit-card><tax_amount></tax_amount><tax-amount nil=\"true\"/>\
         {}</transaction>",
        history(&steps)
    )
}

fn subscription(kind: &str, transactions: &[String]) -> String {
    let inner = transactions.concat();
    notification(
        kind,
        &format!("<subscription><id>s1</id><transactions type=\"array\">{inner}</transactions></subscription>"),
    )
}

#[test]
fn everything_that_braintrees_own_code_makes_is_taken_and_no_forgery() {
    let mut app = TestApp::with(|config| config.sources = vec![with_default()]);
    // Braintree's code signs with the real clock.
    app.clock.set(&chrono::Utc::now().to_rfc3339());
    let url = app.client.url(ADDRESS);
    let told = sdks::run(
        "braintree_webhook.py",
        &[&url, "integration_public_key", "integration_private_key"],
    );
    let webhook = Webhook::open(&with_default()).unwrap();
    let mut mapped = BTreeMap::new();
    for (kind, sample) in told["samples"].as_object().unwrap() {
        assert_eq!(sample["status"], 200, "{kind}");
        let events = webhook.events(sample["body"].as_str().unwrap().as_bytes(), chrono::Utc::now());
        let receipt = &sample["receipt"];
        assert_eq!(receipt["accepted"], events.len(), "{kind}: {receipt}");
        mapped.insert(kind.clone(), kinds(&events).join(" "));
    }
    assert_eq!(mapped.len(), 41 + 8);
    let counted: BTreeMap<&str, &str> = [
        ("dispute_accepted", "disputed dispute_closed"),
        ("dispute_auto_accepted", "disputed dispute_closed"),
        ("dispute_disputed", "disputed disputed"),
        ("dispute_expired", "disputed dispute_closed"),
        ("dispute_lost", "disputed dispute_closed"),
        ("dispute_opened", "disputed"),
        ("dispute_under_review", "disputed"),
        ("dispute_won", "disputed dispute_closed"),
        ("legacy_dispute_accepted", "dispute_closed"),
        ("legacy_dispute_auto_accepted", "dispute_closed"),
        ("legacy_dispute_disputed", "disputed"),
        ("legacy_dispute_expired", "dispute_closed"),
        ("legacy_dispute_lost", "dispute_closed"),
        ("legacy_dispute_opened", "disputed"),
        ("legacy_dispute_under_review", "disputed"),
        ("legacy_dispute_won", "dispute_closed"),
        ("local_payment_completed", "initiated"),
        ("local_payment_expired", "cancelled"),
        ("local_payment_funded", "captured"),
        ("local_payment_reversed", "reversed"),
        ("refund_failed", "refunded"),
        ("subscription_charged_successfully", "authorized"),
        ("subscription_charged_unsuccessfully", "failed"),
        ("transaction_disbursed", "captured"),
        ("transaction_retried", "authorized"),
        ("transaction_settled", "captured"),
        ("transaction_settlement_declined", "failed reversed"),
    ]
    .into();
    for (kind, events) in &mapped {
        let expected = counted.get(kind.as_str()).copied().unwrap_or("other");
        assert_eq!(events, expected, "{kind}");
    }
    assert_eq!(told["again"]["receipt"]["duplicates"], 2, "{}", told["again"]);
    for (forgery, status) in told["forged"].as_object().unwrap() {
        assert_eq!(status, 401, "{forgery}");
    }
    assert_eq!(told["two_signatures"]["receipt"]["accepted"], 1);
    assert_eq!(told["without_the_last_line_end"]["receipt"]["duplicates"], 1);
    assert_eq!(told["challenge"][0], told["challenge"][1]);
    assert_eq!(told["challenge_of_capitals"], 403);
    assert_eq!(told["no_challenge"], 403);
    assert_eq!(
        told["reflected_challenge"], 401,
        "a challenge that was answered proves nothing"
    );
    app.wait_folded();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let local = ledger.rows("select state, captured, reversed from payments where payment_id = '1'");
    assert_eq!(
        local,
        [["refunded", "1000", "1000"]],
        "told by its transaction and by its own id"
    );
    for sensitive in ["1234560000001234", "venmojoe", "a-payer-name", "Dan Schulman"] {
        let found = format!("select count(*) from events t where t::varchar like '%{sensitive}%'");
        assert_eq!(ledger.number(&found), 0, "{sensitive}");
    }
}

#[test]
fn the_published_challenge_has_the_published_answer() {
    let webhook = Webhook::open(&with_default()).unwrap();
    let asked = |name: &str| (name == "bt_challenge").then(|| "20f9f8ed05f77439fe955c977e4c8a53".to_owned());
    assert_eq!(
        webhook.endpoint.challenge(&asked).unwrap().unwrap(),
        "integration_public_key|d9b899556c966b3f06945ec21311865d35df3ce4"
    );
}

#[test]
fn a_key_pair_that_is_being_replaced_still_signs() {
    let mut app = TestApp::with(|config| config.sources = vec![with_default()]);
    let xml = subscription("subscription_charged_successfully", &[sale("a")]);
    let post = |body: &str| app.client.post(ADDRESS, &[], body.as_bytes());
    let first = post(&form(&xml)).expect_status(200).json();
    let again = post(&signed(&xml, "the_one_before", "its_secret"))
        .expect_status(200)
        .json();
    assert_eq!((&first["accepted"], &again["duplicates"]), (&4.into(), &4.into()));
    post(&signed(&xml, "the_one_before", "integration_private_key")).problem(401, "forged");
    app.stop();
}

#[test]
fn a_signed_document_type_is_never_expanded() {
    let bomb = "<!DOCTYPE n [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\
                <notification><kind>&b;</kind></notification>";
    let external = "<?xml version=\"1.0\"?><!DOCTYPE n SYSTEM \"file:///etc/passwd\"><notification/>";
    let empty = "<!DOCTYPE notification><notification><kind>check</kind></notification>";
    for xml in [bomb, external, empty] {
        assert_eq!(reason(&the_one(map_from(&with_default(), xml))), "doctype", "{xml}");
    }
    let mut app = TestApp::with(|config| config.sources = vec![with_default()]);
    let answer = app
        .client
        .post(ADDRESS, &[], form(bomb).as_bytes())
        .expect_status(200)
        .json();
    assert_eq!(answer["other"], 1, "genuine, so it is answered and kept: {answer}");
    app.stop();
}

#[test]
fn whatever_is_genuine_is_kept_and_bounded() {
    let deep = 400_000;
    let nested = format!(
        "<notification>{}{}</notification>",
        "<a>".repeat(deep),
        "</a>".repeat(deep)
    );
    let wide = format!("<notification>{}</notification>", "<a/>".repeat(1_100_000));
    let attributes: String = (0..60_000).map(|n| format!(" a{n}=''")).collect();
    let attributes = format!("<notification{attributes}/>");
    let namespaces: String = (0..20_000).map(|n| format!("<a xmlns:n{n}=\"{n}\">")).collect();
    let namespaces = format!("<notification>{namespaces}{}</notification>", "</a>".repeat(20_000));
    let no_tags = "<!-- a=1 '> <b c=2> --><![CDATA[ <d e='3'> ]]>".repeat(100) + &"= '".repeat(100);
    let no_tags = notification(
        "check",
        &format!("<check url='a=1&amp;b=2>' nil=\"'\">{no_tags}</check>"),
    );
    let longest = notification("check", &format!("<check>{}</check>", "x".repeat(1 << 20)));
    for (xml, expected) in [
        (nested.as_str(), ""),
        (&wide, "too_many_nodes"),
        (&attributes, "too_many_nodes"),
        (&namespaces, "too_many_nodes"),
        (&no_tags, ""),
        (&longest, ""),
        ("<notification><kind>check</kind>", "malformed_xml"),
        ("not XML", "malformed_xml"),
        ("", "malformed_xml"),
        ("<other/>", "no_notification"),
        ("<notification/>", ""),
        (
            "<notification><kind>a_new_kind</kind><subject><news/></subject></notification>",
            "",
        ),
    ] {
        let shown = &xml[..xml.len().min(80)];
        assert_eq!(reason(&the_one(map_from(&with_default(), xml))), expected, "{shown}");
    }
}

#[test]
fn a_long_history_with_many_fields_is_read_in_time() {
    let entry = "<status-event><timestamp>2016-09-20T10:00:00Z</timestamp><status>settled</status></status-event>";
    let field = "<x>1</x>";
    let inner = format!(
        "<custom-fields>{}</custom-fields><status-history>{}</status-history>",
        field.repeat(1_900),
        entry.repeat(1_900)
    );
    let begun = Instant::now();
    let sale = "<id>t1</id><status>settled</status><amount>1.00</amount><currency-iso-code>USD</currency-iso-code>";
    assert_eq!(of_transaction(&format!("{sale}{inner}")).len(), 1_900);
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn every_status_means_one_thing_for_the_money() {
    for (status, expected) in [
        ("authorizing", "initiated"),
        ("authorized", "authorized"),
        ("submitted_for_settlement", "authorized"),
        ("settling", "authorized"),
        ("settlement_pending", "authorized"),
        ("settled", "captured"),
        ("settlement_confirmed", "captured"),
        ("processor_declined", "failed"),
        ("gateway_rejected", "failed"),
        ("failed", "failed"),
        ("voided", "cancelled"),
        ("authorization_expired", "cancelled"),
    ] {
        let event = the_one(of_transaction(&format!(
            "<id>a</id><status>{status}</status><amount>10.00</amount>"
        )));
        assert_eq!(kinds(std::slice::from_ref(&event)), [expected], "{status}");
        assert_eq!(
            (event.payment_id.as_deref(), event.attempt_id.as_deref()),
            (Some("a"), Some("a"))
        );
        let capture = (expected == "captured").then_some("a");
        assert_eq!(event.capture_id.as_deref(), capture);
        assert_eq!(event.amount.unwrap().to_string(), "10.00");
    }
    let unknown = the_one(of_transaction(
        "<id>a</id><status>resting</status><amount>10.00</amount>",
    ));
    assert_eq!(reason(&unknown), "unknown_status");
}

#[test]
fn a_failure_is_the_issuers_the_risk_rules_or_nobodys() {
    use FailureKind::{Issuer, Risk, Settlement, Technical};
    for (status, code, kind) in [
        (
            "processor_declined",
            "<processor-response-code>2000</processor-response-code>",
            Issuer,
        ),
        (
            "processor_declined",
            "<processor-response-code>2999</processor-response-code>",
            Issuer,
        ),
        (
            "processor_declined",
            "<processor-response-code>3000</processor-response-code>",
            Technical,
        ),
        ("processor_declined", "", Issuer),
        (
            "failed",
            "<processor-response-code>3000</processor-response-code>",
            Technical,
        ),
        ("failed", "", Technical),
        (
            "gateway_rejected",
            "<gateway-rejection-reason>cvv</gateway-rejection-reason>",
            Risk,
        ),
        (
            "gateway_rejected",
            "<gateway-rejection-reason>fraud</gateway-rejection-reason>",
            Risk,
        ),
        (
            "gateway_rejected",
            "<gateway-rejection-reason>duplicate</gateway-rejection-reason>",
            Technical,
        ),
        (
            "settlement_declined",
            "<processor-settlement-response-code>4001</processor-settlement-response-code>",
            Settlement,
        ),
    ] {
        let events = of_transaction(&format!(
            "<id>a</id><status>{status}</status><amount>10.00</amount>{code}"
        ));
        let told = code.split(['>', '<']).nth(2);
        assert_eq!(events[0].failure_kind, Some(kind), "{status} {code}");
        assert_eq!(events[0].decline_code.as_deref(), told, "{status} {code}");
    }
}

#[test]
fn what_was_settled_and_came_back_is_reversed() {
    let of = |steps: &[(&str, &str, &str)]| {
        kinds(&of_transaction(&format!(
            "<id>a</id><status>settlement_declined</status><amount>10.00</amount>{}",
            history(steps)
        )))
        .join(" ")
    };
    let declined = ("2016-09-18T00:00:00Z", "settlement_declined", "10.00");
    let pending = ("2016-09-17T00:00:00Z", "settlement_pending", "10.00");
    let settled = ("2016-09-17T12:00:00Z", "settled", "10.00");
    assert_eq!(of(&[pending, declined]), "authorized failed");
    assert_eq!(of(&[pending, settled, declined]), "authorized captured failed reversed");
}

#[test]
fn amounts_are_exact_in_their_currency_or_not_counted() {
    let of = |inner: &str, source: &Source| {
        let subject = format!("<transaction><id>a</id><status>settled</status>{inner}</transaction>");
        the_one(map_from(source, &notification("transaction_settled", &subject)))
    };
    let none = account("");
    for (inner, minor, code) in [
        (
            "<amount>500</amount><currency-iso-code>JPY</currency-iso-code>",
            500,
            "JPY",
        ),
        (
            "<amount>500.00</amount><currency-iso-code>JPY</currency-iso-code>",
            500,
            "JPY",
        ),
        (
            "<amount>5.120</amount><currency-iso-code>KWD</currency-iso-code>",
            5_120,
            "KWD",
        ),
        (
            "<amount>.99</amount><currency-iso-code>USD</currency-iso-code>",
            99,
            "USD",
        ),
        (
            "<amount>500</amount><merchant-account-id>tokyo</merchant-account-id>",
            500,
            "JPY",
        ),
        (
            "<amount>5.120</amount><merchant_account_id>kuwait</merchant_account_id>",
            5_120,
            "KWD",
        ),
        (
            "<amount>5.12</amount><currency-iso-code nil=\"true\"/><merchant-account-id>kuwait</merchant-account-id>",
            5_120,
            "KWD",
        ),
    ] {
        let money = of(inner, &none).amount.unwrap_or_else(|| panic!("{inner}"));
        assert_eq!((money.minor, money.currency.code()), (minor, code), "{inner}");
    }
    let usd = of(
        "<amount>7</amount><merchant-account-id>paris</merchant-account-id>",
        &with_default(),
    );
    assert_eq!(usd.amount.unwrap().minor, 700);
    for (inner, expected) in [
        ("<amount>10.00</amount>", "unknown_currency"),
        (
            "<amount>10.00</amount><merchant-account-id>paris</merchant-account-id>",
            "unknown_currency",
        ),
        (
            "<amount>10.00</amount><currency-iso-code>DOGE</currency-iso-code>",
            "unknown_currency",
        ),
        (
            "<amount>0.5</amount><currency-iso-code>JPY</currency-iso-code>",
            "inexact_amount",
        ),
        (
            "<amount>1.234</amount><currency-iso-code>USD</currency-iso-code>",
            "inexact_amount",
        ),
        (
            "<amount>-1.00</amount><currency-iso-code>USD</currency-iso-code>",
            "no_amount",
        ),
        (
            "<amount>1e3</amount><currency-iso-code>USD</currency-iso-code>",
            "no_amount",
        ),
        ("<currency-iso-code>USD</currency-iso-code>", "no_amount"),
        (
            "<amount>99999999999999999999</amount><currency-iso-code>USD</currency-iso-code>",
            "amount_too_large",
        ),
    ] {
        assert_eq!(reason(&of(inner, &none)), expected, "{inner}");
    }
}

#[test]
fn an_unpriced_transaction_does_not_hide_the_others_and_counts_once_its_currency_is_set() {
    let unpriced = "<transaction><id>b</id><status>settled</status><amount>3.00</amount></transaction>".to_owned();
    let xml = subscription("subscription_charged_successfully", &[unpriced, sale("a")]);
    let before = map_from(&account(""), &xml);
    assert_eq!(
        kinds(&before),
        ["other", "authorized", "authorized", "authorized", "captured"]
    );
    assert_eq!(reason(&before[0]), "unknown_currency");
    let after = map_from(&with_default(), &xml);
    assert_eq!(after[0].amount.unwrap().minor, 300);
    assert_ne!(
        after[0].id, before[0].id,
        "what is counted now is not taken for what was not"
    );
    assert_eq!(after[1..], before[1..]);
}

#[test]
fn a_history_that_two_notifications_repeat_counts_once() {
    let mut app = TestApp::with(|config| config.sources = vec![with_default()]);
    let first = subscription("subscription_charged_successfully", &[sale("a")]);
    let second = subscription("subscription_canceled", &[sale("b"), sale("a")]);
    let post = |xml: &str| {
        app.client
            .post(ADDRESS, &[], form(xml).as_bytes())
            .expect_status(200)
            .json()
    };
    let counts =
        |answer: &Value| [&answer["accepted"], &answer["duplicates"], &answer["conflicts"]].map(|n| n.as_u64());
    assert_eq!(counts(&post(&first)), [Some(4), Some(0), Some(0)]);
    assert_eq!(counts(&post(&second)), [Some(4), Some(4), Some(0)]);
    assert_eq!(counts(&post(&first)), [Some(0), Some(4), Some(0)]);
    app.wait_folded();
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let rows = ledger.rows(
        "select payment_id, state, captured, network, first_paid_at::varchar, first_capture_at::varchar \
         from payments order by 1",
    );
    let row = |id| {
        [
            id,
            "captured",
            "1000",
            "visa",
            "2016-09-16 12:00:00",
            "2016-09-16 14:00:00",
        ]
    };
    assert_eq!(rows, [row("a"), row("b")]);
}

#[test]
fn a_credit_is_a_refund_of_its_sale_once_it_is_settled() {
    let credit = |status: &str, more: &str| {
        of_transaction(&format!(
            "<id>r1</id><type>credit</type><status>{status}</status><amount>4.00</amount>{more}"
        ))
    };
    let of_a = "<refunded-transaction-id>a</refunded-transaction-id>";
    let refund = the_one(credit("settled", of_a));
    assert_eq!(refund.kind, EventType::TransactionRefunded);
    assert_eq!(
        (refund.payment_id.as_deref(), refund.refund_id.as_deref()),
        (Some("a"), Some("r1"))
    );
    assert_eq!(refund.aliases, ["r1"]);
    assert_eq!((refund.failure_kind, refund.attempt_id), (None, None));
    assert_eq!(refund.amount.unwrap().minor, 400);
    assert_eq!(
        reason(&the_one(credit("submitted_for_settlement", of_a))),
        "refund_not_settled"
    );
    assert_eq!(reason(&the_one(credit("settled", ""))), "detached_credit");
    for status in ["voided", "processor_declined", "settlement_declined", "failed"] {
        let taken_back = the_one(credit(status, of_a));
        assert_eq!(taken_back.refund_id, refund.refund_id, "{status}");
        assert_eq!(taken_back.failure_kind, Some(FailureKind::Technical), "{status}");
    }
}

#[test]
fn a_refund_that_fails_later_never_went_back() {
    let credit = "<transaction><id>r1</id><type>credit</type><status>settled</status><amount>4.00</amount>\
                  <refunded-transaction-id>a</refunded-transaction-id></transaction>";
    let failed = "<transaction><id>r1</id><amount>4</amount><status>processor_declined</status></transaction>";
    let notices = [
        notification("refund_failed", failed),
        subscription("subscription_charged_successfully", &[sale("a")]),
        notification("transaction_settled", credit),
        notification(
            "transaction_settled",
            &credit.replace("r1", "r2").replace("4.00", "1.00"),
        ),
    ];
    // Whichever comes first: the failure knows only the refund, whose own notification leads to the sale.
    for order in [[0, 1, 2, 3], [3, 2, 1, 0]] {
        let mut app = TestApp::with(|config| config.sources = vec![with_default()]);
        for at in order {
            app.client
                .post(ADDRESS, &[], form(&notices[at]).as_bytes())
                .expect_status(200);
        }
        app.wait_folded();
        app.stop();
        let ledger = Ledger::open(&app.config.data_dir);
        let rows = ledger.rows("select payment_id, captured, refunded, state from payments");
        assert_eq!(rows, [["a", "1000", "100", "partly_refunded"]], "{order:?}");
    }
}

#[test]
fn a_part_that_is_settled_on_its_own_belongs_to_the_sale_that_was_authorized() {
    let part = the_one(of_transaction(
        "<id>p1</id><status>settled</status><amount>4.00</amount>\
         <authorized-transaction-id>a</authorized-transaction-id>",
    ));
    assert_eq!(part.payment_id.as_deref(), Some("a"));
    assert_eq!(
        (part.attempt_id.as_deref(), part.capture_id.as_deref()),
        (Some("a"), Some("p1"))
    );
    assert_eq!(part.aliases, ["p1"]);
}

fn dispute(kind: &str, status: &str, more: &str) -> Vec<Event> {
    let subject = format!(
        "<dispute><id>d1</id><amount>10.00</amount><amount-disputed>8.00</amount-disputed><kind>{kind}</kind>\
         <currency-iso-code>USD</currency-iso-code><status>{status}</status>{more}<transaction><id>a</id>\
         <payment-instrument-subtype>MasterCard</payment-instrument-subtype></transaction></dispute>"
    );
    map_from(&account(""), &notification(&format!("dispute_{status}"), &subject))
}

#[test]
fn a_retrieval_is_an_inquiry_and_everything_unanswered_is_lost() {
    use DisputeOutcome::{Lost, Won};
    for (status, closed, outcome) in [
        ("open", false, None),
        ("under_review", false, None),
        ("disputed", false, None),
        ("accepted", true, Some(Lost)),
        ("auto_accepted", true, Some(Lost)),
        ("expired", true, Some(Lost)),
        ("lost", true, Some(Lost)),
        ("won", true, Some(Won)),
    ] {
        for kind in ["chargeback", "pre_arbitration", "retrieval"] {
            let event = the_one(dispute(kind, status, ""));
            let inquiry = kind == "retrieval";
            assert_eq!(event.kind == EventType::TransactionDisputeClosed, closed, "{status}");
            assert_eq!(event.outcome, outcome.filter(|_| !inquiry), "{status} {kind}");
            assert_eq!(event.stage == Some(DisputeStage::Inquiry), inquiry, "{status} {kind}");
            assert_eq!(
                (event.payment_id.as_deref(), event.dispute_id.as_deref()),
                (Some("a"), Some("d1"))
            );
            assert_eq!(event.amount.unwrap().minor, 800, "what is disputed, not the sale");
            assert_eq!(
                (event.method.as_deref(), event.network.as_deref()),
                (Some("card"), Some("mastercard"))
            );
        }
    }
}

#[test]
fn a_disputes_history_is_told_at_its_own_times() {
    let steps = "<status-history type=\"array\">\
        <status-history><status>open</status><timestamp type=\"datetime\">2016-09-17T00:00:00Z</timestamp></status-history>\
        <status-history><status>won</status><timestamp type=\"datetime\">2016-09-19T00:00:00Z</timestamp></status-history>\
        </status-history>";
    let events = dispute("chargeback", "won", steps);
    assert_eq!(kinds(&events), ["disputed", "dispute_closed"]);
    assert_eq!(events[0].time, instant("2016-09-17T00:00:00Z"));
    assert_eq!(events[1].time, instant("2016-09-19T00:00:00Z"));
    let dated = the_one(dispute(
        "chargeback",
        "open",
        "<date-opened type=\"date\">2016-09-15</date-opened>",
    ));
    assert_eq!(dated.time, instant("2016-09-15T00:00:00Z"));
}

#[test]
fn what_was_paid_with_is_told_in_four_dimensions() {
    let card = |element: &str, name: &str, word: &str| format!("<{element}><{name}>{word}</{name}></{element}>");
    for (kind, more, expected) in [
        (
            "credit_card",
            card("credit-card", "card-type", "American Express"),
            ["card", "amex", ""],
        ),
        (
            "credit_card",
            card("credit-card", "card-type", "UK Maestro"),
            ["card", "maestro", ""],
        ),
        (
            "credit_card",
            card("credit-card", "card-type", "China UnionPay"),
            ["card", "unionpay", ""],
        ),
        (
            "credit_card",
            card("credit-card", "card-type", "Diners Club"),
            ["card", "diners", ""],
        ),
        (
            "credit_card",
            card("credit-card", "card-type", "Carte Blanche"),
            ["card", "diners", ""],
        ),
        (
            "credit_card",
            card("credit-card", "card-type", "Electron"),
            ["card", "visa", ""],
        ),
        (
            "credit_card",
            card("credit-card", "card-type", "Elo"),
            ["card", "elo", ""],
        ),
        (
            "credit_card",
            card("credit-card", "card-type", "Hiper"),
            ["card", "hipercard", ""],
        ),
        (
            "credit_card",
            card("credit-card", "card-type", "Laser"),
            ["card", "laser", ""],
        ),
        (
            "credit_card",
            card("credit-card", "card-type", "Unknown"),
            ["card", "unknown", ""],
        ),
        (
            "apple_pay_card",
            card("apple-pay", "card-type", "Apple Pay - MasterCard"),
            ["card", "mastercard", "apple_pay"],
        ),
        (
            "android_pay_card",
            card("android-pay-card", "virtual-card-type", "Visa"),
            ["card", "visa", "google_pay"],
        ),
        (
            "google_pay_card",
            card("google-pay-card", "source-card-type", "Visa"),
            ["card", "visa", "google_pay"],
        ),
        (
            "samsung_pay_card",
            card("samsung-pay-card", "source-card-type", "Visa"),
            ["card", "visa", "samsung_pay"],
        ),
        (
            "visa_checkout_card",
            card("visa-checkout-card", "card-type", "Visa"),
            ["card", "visa", "visa_checkout"],
        ),
        (
            "masterpass_card",
            card("masterpass-card", "card-type", "Visa"),
            ["card", "visa", "masterpass"],
        ),
        (
            "meta_checkout_card",
            card("meta-checkout-card", "card-type", "Visa"),
            ["card", "visa", "meta_checkout"],
        ),
        (
            "paypal_account",
            card("paypal", "payer-id", "x"),
            ["paypal", "none", ""],
        ),
        ("venmo_account", String::new(), ["venmo", "none", ""]),
        ("us_bank_account", String::new(), ["bank", "none", ""]),
        ("sepa_debit_account", String::new(), ["bank", "none", ""]),
        (
            "local_payment",
            card("local-payment", "funding-source", "ideal"),
            ["ideal", "none", ""],
        ),
        ("local_payment", String::new(), ["local_payment", "none", ""]),
        ("something_new", String::new(), ["something_new", "none", ""]),
    ] {
        let event = the_one(of_transaction(&format!(
            "<id>a</id><status>settled</status><amount>1.00</amount>\
             <payment-instrument-type>{kind}</payment-instrument-type>{more}"
        )));
        let told = [&event.method, &event.network, &event.wallet].map(|word| word.clone().unwrap_or_default());
        assert_eq!(told, expected, "{kind} {more}");
    }
}

#[test]
fn a_routed_debit_card_has_a_network_and_a_brand() {
    let event = the_one(of_transaction(
        "<id>a</id><status>settled</status><amount>1.00</amount><debit-network>PULSE</debit-network>\
         <payment-instrument-type>credit_card</payment-instrument-type><credit-card><card-type>Visa</card-type></credit-card>",
    ));
    assert_eq!(
        (event.network.as_deref(), event.brand.as_deref()),
        (Some("pulse"), Some("visa"))
    );
}

#[test]
fn links_come_from_custom_fields_and_the_order() {
    let of = |source: &Source, more: &str| {
        let subject =
            format!("<transaction><id>a</id><status>settled</status><amount>1.00</amount>{more}</transaction>");
        let event = the_one(map_from(source, &notification("transaction_settled", &subject)));
        [event.platform, event.bot_id, event.conversation_id, event.checkout_id].map(Option::unwrap_or_default)
    };
    let custom = "<custom-fields><platform>web</platform><bot_id>b1</bot_id><conversation-id>c1</conversation-id>\
                  <favourite-colour>green</favourite-colour></custom-fields>";
    assert_eq!(of(&with_default(), custom), ["web", "b1", "c1", ""]);
    let order = "<order-id>platform=web&amp;bot_id=b1&amp;conversation_id=c1</order-id>";
    assert_eq!(of(&with_default(), order), ["web", "b1", "c1", ""]);
    assert_eq!(of(&with_default(), "<order-id>order-17</order-id>"), ["", "", "", ""]);
    let plain = Source {
        platform: Some("web".into()),
        bot_id: Some("only".into()),
        links: Links {
            plain: "checkout_id".into(),
            ..Links::default()
        },
        ..with_default()
    };
    assert_eq!(
        of(&plain, "<order-id>order-17</order-id>"),
        ["web", "only", "", "order-17"]
    );
    assert_eq!(of(&plain, ""), ["web", "only", "", ""]);
}

#[test]
fn the_sandbox_is_a_test_unless_the_source_says_otherwise() {
    let inner = "<id>a</id><status>settled</status><amount>1.00</amount><credit-card><image-url>\
                 https://assets.example/visa.png?environment=sandbox</image-url></credit-card>";
    let subject = format!("<transaction>{inner}</transaction>");
    let xml = notification("transaction_settled", &subject);
    for (configured, told, expected) in [
        (None, &xml, Mode::Test),
        (None, &xml.replace("sandbox", "production"), Mode::Live),
        (Some("live"), &xml, Mode::Live),
        (Some("test"), &xml.replace("sandbox", "production"), Mode::Test),
    ] {
        let source = Source {
            mode: configured.map(str::to_owned),
            ..with_default()
        };
        assert_eq!(the_one(map_from(&source, told)).mode, expected, "{configured:?}");
    }
}

#[test]
fn an_impossible_time_is_flagged_and_the_money_still_counts() {
    let event = the_one(of_transaction(&format!(
        "<id>a</id><status>settled</status>{}",
        history(&[("2018-19-12T22:20:32Z", "settled", "10.00")])
    )));
    assert_eq!(event.time_origin, TimeOrigin::Impossible);
    assert_eq!(event.time, instant(PRESENT));
    assert_eq!(event.amount.unwrap().minor, 1_000);
}

#[test]
fn a_source_without_usable_settings_does_not_open() {
    let pair = |public: &str, private: &str| {
        format!("key_pairs = [{{ public_key = \"{public}\", private_key = \"{private}\" }}]")
    };
    for (settings, key) in [
        ("key_pairs = []".to_owned(), "key_pairs"),
        (pair("", "x"), "key_pairs"),
        (pair("x", ""), "key_pairs"),
        (pair("a|b", "x"), "key_pairs"),
        (pair("a", "x") + "\ncurrency = \"dollars\"", "currency"),
        (pair("a", "x") + "\ncurrencies = { shop = \"XX\" }", "currencies.shop"),
        (pair("a", "x") + "\nsecret = 1", ""),
        (String::new(), ""),
    ] {
        let error = Webhook::open(&source_with("braintree", &settings)).unwrap_err();
        assert_eq!(error.key, key, "{settings}");
    }
}

/// A payment's whole story: declined, authorized and taken in part, taken whole, given back twice of which one
/// failed, disputed and won; told by ten notifications.
fn story() -> Vec<String> {
    let transaction = |kind: &str, inner: &str| {
        let subject = format!("<transaction><currency-iso-code>USD</currency-iso-code>{inner}</transaction>");
        notification(kind, &subject)
    };
    let credit = |id: &str, amount: &str| {
        let inner = format!(
            "<id>{id}</id><type>credit</type><status>settled</status><amount>{amount}</amount>\
             <refunded-transaction-id>a</refunded-transaction-id>"
        );
        transaction("transaction_settled", &inner)
    };
    let declined = "<transaction><id>x</id><status>processor_declined</status><amount>10.00</amount>\
                    <processor-response-code>2001</processor-response-code></transaction>";
    let dispute = |kind: &str, status: &str, steps: &[(&str, &str)]| {
        let steps = steps.iter().map(|(time, status)| {
            format!("<status-history><timestamp>{time}</timestamp><status>{status}</status></status-history>")
        });
        let steps: String = steps.collect();
        let subject = format!(
            "<dispute><id>d1</id><amount>9.00</amount><kind>chargeback</kind><status>{status}</status>\
             <currency-iso-code>USD</currency-iso-code><status-history type=\"array\">{steps}</status-history>\
             <transaction><id>a</id></transaction></dispute>"
        );
        notification(kind, &subject)
    };
    let opened = ("2016-09-18T00:00:00Z", "open");
    let won = ("2016-09-25T00:00:00Z", "won");
    vec![
        subscription("subscription_charged_unsuccessfully", &[declined.to_owned()]),
        subscription("subscription_charged_successfully", &[sale("a")]),
        subscription("subscription_canceled", &[sale("a"), declined.to_owned()]),
        credit("r1", "4.00"),
        credit("r2", "1.00"),
        transaction(
            "refund_failed",
            "<id>r1</id><amount>4.00</amount><status>processor_declined</status>",
        ),
        dispute("dispute_opened", "open", &[opened]),
        dispute("dispute_won", "won", &[opened, won]),
        transaction(
            "transaction_disbursed",
            "<id>whole</id><status>authorized</status><amount>10.00</amount>",
        ),
        transaction(
            "transaction_disbursed",
            "<id>part</id><status>settled</status><amount>4.00</amount>\
             <authorized-transaction-id>whole</authorized-transaction-id>",
        ),
    ]
}

/// The facts after these notifications came in, folded after some of them.
fn facts_of(deliveries: &[(usize, bool)]) -> (Vec<String>, Vec<Vec<String>>) {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at(PRESENT);
    let store = Store::open(&store_options(&config(folder.path())), clock.clock()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let story = story();
    for (at, fold) in deliveries {
        runtime
            .block_on(store.append(map_from(&with_default(), &story[*at])))
            .unwrap();
        while *fold && store.fold(1_000).unwrap().is_some() {}
    }
    while store.fold(1_000).unwrap().is_some() {}
    store.close();
    drop(store);
    let ledger = Ledger::open(folder.path());
    let rows =
        "select payment_id, state, authorized, captured, refunded, disputed_lost, reversed from payments order by 1";
    (ledger.facts(), ledger.rows(rows))
}

#[test]
fn any_order_and_repetition_of_a_story_gives_the_same_payments() {
    let once: Vec<(usize, bool)> = (0..10).map(|at| (at, false)).collect();
    let (facts, rows) = facts_of(&once);
    assert_eq!(
        rows,
        [
            ["a", "partly_refunded", "1000", "1000", "100", "0", "0"],
            ["whole", "captured", "1000", "400", "0", "0", "0"],
            ["x", "failed", "0", "0", "0", "0", "0"],
        ]
    );
    let config = proptest::test_runner::Config {
        max_shrink_iters: 0,
        ..cases(12)
    };
    let twice = [once.clone(), once].concat();
    let deliveries = (Just(twice).prop_shuffle(), prop::collection::vec(any::<bool>(), 20));
    let outcome = TestRunner::new(config).run(&deliveries, |(order, folds)| {
        let deliveries: Vec<_> = order.into_iter().zip(folds).map(|((at, _), fold)| (at, fold)).collect();
        prop_assert_eq!(&facts_of(&deliveries).0, &facts);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

/// Replays recorded notifications, decoded XML in a folder that `BOTLEDGER_FIXTURES` names.
#[test]
#[ignore = "needs recorded notifications, which are not part of the project"]
fn recorded_notifications_replay_to_the_same_payments_in_any_order() {
    let folder = std::env::var("BOTLEDGER_FIXTURES").unwrap();
    let mut recorded: Vec<_> = std::fs::read_dir(format!("{folder}/braintree/recorded"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    recorded.sort();
    let mut outcomes = Vec::new();
    for seed in 0..3 {
        let mut order = [recorded.as_slice(), recorded.as_slice()].concat();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let mut app = TestApp::with(|config| config.sources = vec![account("")]);
        let mut counts = BTreeMap::new();
        for xml in &order {
            let answer = app
                .client
                .post(ADDRESS, &[], form(xml).as_bytes())
                .expect_status(200)
                .json();
            for name in ["accepted", "duplicates", "conflicts", "other"] {
                *counts.entry(name).or_insert(0) += answer[name].as_u64().unwrap();
            }
        }
        app.wait_folded();
        app.stop();
        let ledger = Ledger::open(&app.config.data_dir);
        let totals = ledger.rows(
            "select mode, method, network, state, currency, count(*), sum(authorized), sum(captured), sum(refunded) \
             from payments group by all order by all",
        );
        outcomes.push((counts, totals, ledger.facts()));
    }
    println!("{:?}\n{:#?}", outcomes[0].0, outcomes[0].1);
    for (seed, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.0["conflicts"], 0, "seed {seed}");
        assert_eq!(outcome, &outcomes[0], "seed {seed}");
    }
}
