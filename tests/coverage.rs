//! How much of the money is joined to the bots, by provider, worked out by hand.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::events::{Draft, captured, conversation, lines};

const RANGE: &str = "from=2016-07-01&to=2016-09-01";

/// The rows of a question without their buckets.
fn rows(app: &TestApp, more: &str) -> Vec<Value> {
    let answer = app.client.get_json(&format!("/v1/metrics/coverage?{RANGE}{more}"));
    let mut rows = answer["rows"].as_array().unwrap().clone();
    for row in &mut rows {
        let row = row.as_object_mut().unwrap();
        ["bucket_end", "complete"].iter().for_each(|name| _ = row.remove(*name));
        for name in ["ci_low", "ci_high"] {
            let end = &mut row[name];
            *end = end.as_f64().map_or(Value::Null, |end| json!((end * 1e4).round() / 1e4));
        }
        if !more.contains("interval") {
            row.remove("bucket_start");
        }
    }
    rows
}

fn of_bot(draft: Draft) -> Draft {
    draft.with("platform", "messenger").with("bot_id", "b1")
}

/// Stripe: one payment of a conversation, one of a bot alone whose card nobody named, one of nobody.
/// PayPal: two of nobody, one of them in August. A test counts for itself.
fn payments() -> Vec<Draft> {
    let paypal = |draft: Draft| {
        draft
            .with("provider", "paypal")
            .with("method", "paypal")
            .with("network", Value::Null)
    };
    vec![
        conversation("b1", "c1"),
        of_bot(captured("s1", "10.00", "USD")).with("conversation_id", "c1"),
        of_bot(captured("s2", "10.00", "USD")).with("network", Value::Null),
        captured("s3", "10.00", "USD"),
        captured("s4", "10.00", "USD").with("mode", "test"),
        paypal(captured("p1", "10.00", "EUR")),
        paypal(captured("p2", "10.00", "USD")).at("2016-08-02T12:00:00Z"),
    ]
}

/// The rate comes with the ends of its interval, to four decimals.
fn row(provider: &str, counts: [i64; 5], rate: [f64; 3]) -> Value {
    let [rate, low, high] = rate;
    let [payments, attributed, unattributed, with_network, with_conversation] = counts;
    json!({
        "provider": provider, "payments": payments, "attributed": attributed, "unattributed": unattributed,
        "with_network": with_network, "with_conversation": with_conversation, "join_rate": rate, "ci_low": low,
        "ci_high": high,
    })
}

fn loaded() -> TestApp {
    let app = TestApp::start();
    assert_eq!(app.client.post_events(&lines(&payments())).accepted, 7);
    app.wait_folded();
    app
}

#[test]
fn each_provider_is_told_by_hand() {
    let app = loaded();
    let stripe = row("stripe", [3, 2, 1, 2, 1], [2.0 / 3.0, 0.2077, 0.9385]);
    let paypal = row("paypal", [2, 0, 2, 2, 0], [0.0, 0.0, 0.6576]);
    assert_eq!(rows(&app, ""), [paypal.clone(), stripe.clone()]);
    assert_eq!(rows(&app, "&provider=stripe"), [stripe], "a filter leaves one provider");
    assert_eq!(
        rows(&app, "&group_by=provider")[0],
        paypal,
        "grouped by it, it is the group"
    );
    let test = rows(&app, "&mode=test");
    assert_eq!(test, [row("stripe", [1, 0, 1, 1, 0], [0.0, 0.0, 0.7935])]);
}

#[test]
fn every_provider_of_the_range_has_a_row_in_every_bucket() {
    let app = loaded();
    let rows = rows(&app, "&interval=month");
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let cell = |name: &str| row[name].clone();
            (cell("provider"), cell("payments"), cell("join_rate"))
        })
        .collect();
    let expected = [
        (json!("paypal"), json!(1), json!(0.0)),
        (json!("stripe"), json!(3), json!(2.0 / 3.0)),
        (json!("paypal"), json!(1), json!(0.0)),
        (json!("stripe"), json!(0), Value::Null),
    ];
    assert_eq!(told, expected);
}

#[test]
fn groups_split_the_providers() {
    let app = loaded();
    let rows = rows(&app, "&group_by=platform");
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["platform"].clone(),
                row["provider"].clone(),
                row["payments"].clone(),
            )
        })
        .collect();
    let expected = [
        (json!("messenger"), json!("stripe"), json!(2)),
        (Value::Null, json!("paypal"), json!(2)),
        (Value::Null, json!("stripe"), json!(1)),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_payment_is_joined_when_a_later_fact_names_its_bot_and_the_past_stays_as_it_was() {
    let app = loaded();
    let before = app.client.get_json("/v1/metrics/coverage?group_by=provider");
    let as_of = before["query"]["as_of"].as_str().unwrap().to_owned();
    app.clock.advance(chrono::TimeDelta::hours(1));
    let late = of_bot(captured("s3", "10.00", "USD")).at("2016-07-05T12:00:00Z");
    assert_eq!(app.client.post_events(&lines(&[late])).accepted, 1);
    app.wait_folded();
    let stripe = |more: &str| rows(&app, &format!("&provider=stripe{more}"))[0].clone();
    assert_eq!(stripe(""), row("stripe", [3, 3, 0, 2, 1], [1.0, 0.4385, 1.0]));
    assert_eq!(
        stripe(&format!("&as_of={as_of}")),
        row("stripe", [3, 2, 1, 2, 1], [2.0 / 3.0, 0.2077, 0.9385])
    );
}

#[test]
fn without_a_payment_there_is_one_row_of_zeros_and_no_rate() {
    let app = TestApp::start();
    let mut expected = row("", [0; 5], [0.0; 3]);
    ["provider", "join_rate", "ci_low", "ci_high"]
        .iter()
        .for_each(|name| expected[*name] = Value::Null);
    assert_eq!(rows(&app, ""), [expected]);
}
