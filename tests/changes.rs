//! Whether a rate has changed: differences with their intervals, in answers and on the page, worked out by hand.

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::events::{Draft, captured, lines};

const SEPTEMBER: &str = "from=2016-09-01&to=2016-10-01&interval=month";

/// Attempts of a provider on a day, of which so many are approved and the others declined.
fn attempts(provider: &str, day: &str, approved: usize, all: usize) -> Vec<Draft> {
    let draft = |at: usize| {
        let payment = format!("{provider} {day} {at}");
        let draft = if at < approved {
            captured(&payment, "10.00", "USD")
        } else {
            let amount = json!({"value": "10.00", "currency": "USD"});
            Draft::new(
                "transaction.failed",
                json!({"payment_id": payment, "failure_kind": "issuer", "amount": amount}),
            )
        };
        draft.with("provider", provider).at(&format!("{day}T12:00:00Z"))
    };
    (0..all).map(draft).collect()
}

fn loaded(parts: &[Vec<Draft>]) -> TestApp {
    let app = TestApp::start();
    app.client.post_events(&lines(&parts.concat()));
    app.wait_folded();
    app
}

/// A column of the rows by value, numbers to four decimals.
fn told(app: &TestApp, column: &str) -> Vec<(String, Value)> {
    let answer = app.client.get_json(&format!("/v1/metrics/change?{SEPTEMBER}"));
    let rows = answer["rows"].as_array().unwrap().iter();
    let cell = |row: &Value| match row[column].as_f64() {
        Some(number) => json!((number * 1e4).round() / 1e4),
        None => row[column].clone(),
    };
    rows.map(|row| (row["value"].as_str().unwrap().to_owned(), cell(row)))
        .collect()
}

fn both(paypal: impl Into<Value>, stripe: impl Into<Value>) -> Vec<(String, Value)> {
    vec![
        ("paypal".to_owned(), paypal.into()),
        ("stripe".to_owned(), stripe.into()),
    ]
}

#[test]
fn a_change_has_its_cases_and_its_interval_by_value_and_as_a_whole() {
    let app = loaded(&[
        attempts("stripe", "2016-08-15", 8, 10),
        attempts("stripe", "2016-09-15", 5, 10),
        attempts("paypal", "2016-09-15", 1, 2),
    ]);
    assert_eq!(told(&app, "n"), both(2.0, 10.0));
    assert_eq!(told(&app, "n_previous"), both(0.0, 10.0));
    assert_eq!(told(&app, "difference"), both(Value::Null, -0.3));
    assert_eq!(told(&app, "ci_low"), both(Value::Null, -0.5999));
    assert_eq!(told(&app, "ci_high"), both(Value::Null, 0.1067));
    // 6 of 12 after 8 of 10.
    assert_eq!(told(&app, "whole_difference"), both(-0.3, -0.3));
    let (low, high) = (told(&app, "whole_ci_low"), told(&app, "whole_ci_high"));
    assert_eq!((low, high), (both(-0.5849, -0.5849), both(0.0958, 0.0958)));
}

#[test]
fn what_is_not_compared_has_no_earlier_cases_and_no_interval() {
    let app = loaded(&[
        attempts("stripe", "2016-09-15", 5, 10),
        attempts("paypal", "2016-09-15", 1, 2),
    ]);
    for column in ["difference", "ci_low", "whole_difference", "whole_ci_high"] {
        assert_eq!(told(&app, column), both(Value::Null, Value::Null), "{column}");
    }
    assert_eq!(told(&app, "n_previous"), both(0.0, 0.0), "August is over, and has none");
    let open = app.client.get_json("/v1/metrics/change?from=2016-09-01&to=2026-02-01");
    assert_eq!(open["rows"][0]["complete"], false);
    assert!(open["rows"][0]["n_previous"].is_null() && open["rows"][0]["n"] == 2);
}

/// The sentence of the page about the change of approval. On the page the last day is part of the period.
fn sentence(app: &TestApp) -> String {
    let september = "/?from=2016-09-01&to=2016-09-30&interval=month";
    let page = app.client.get(september).expect_status(200).text();
    let (_, rest) = page.split_once("of the decided attempts were approved, ").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

#[test]
fn the_page_says_no_clear_change_where_the_interval_contains_0() {
    let app = loaded(&[
        // A change is told where the data begins before the earlier period.
        attempts("stripe", "2016-07-15", 1, 1),
        attempts("stripe", "2016-08-15", 8, 10),
        attempts("stripe", "2016-09-15", 5, 10),
    ]);
    let told = sentence(&app);
    let whole = "in the period before: no clear change (\u{2212}30.0 points, 95% interval \u{2212}60.0 to +10.7).";
    assert!(told.contains(whole), "{told}");
    let own = "Stripe moved it most: \u{2212}30.0 points. Its own rate: no clear change (";
    assert!(told.contains(own), "{told}");
}

#[test]
fn the_page_says_how_clear_a_change_is() {
    let app = loaded(&[
        // A change is told where the data begins before the earlier period.
        attempts("stripe", "2016-07-15", 1, 1),
        attempts("stripe", "2016-08-15", 80, 100),
        attempts("stripe", "2016-09-15", 50, 100),
    ]);
    let told = sentence(&app);
    let interval = "\u{2212}30.0 points (95% interval \u{2212}41.7 to \u{2212}16.9)";
    assert!(told.contains(&format!("in the period before: {interval}.")), "{told}");
    assert!(told.ends_with(&format!("Its own rate: {interval}.")), "{told}");
    let chart = app
        .client
        .get(&format!("/v1/charts/change.svg?{SEPTEMBER}"))
        .expect_status(200);
    assert!(
        chart.text().contains("(95% interval \u{2212}41.7 to \u{2212}16.9)"),
        "{}",
        chart.text()
    );
}
