//! Which buckets have settled: a bucket is mature from the moment at which its end plus the window has passed.

use botledger::metrics::{ALL, Metric};
use botledger::serve::metric_names;
use serde_json::{Value, json};

use crate::small;

/// What an answer says of its windows, in their order.
fn told(question: &str) -> Vec<Value> {
    let answer = small::loaded().client.get_json(&format!("/v1/metrics/{question}"));
    answer["meta"]["maturity"].as_array().unwrap().clone()
}

/// Of the only window: the end of the last mature bucket, the start of the first other, and how many are not.
fn only(question: &str) -> (Value, Value, Value) {
    let windows = told(question);
    let [window] = windows.as_slice() else {
        panic!("{windows:?}")
    };
    (
        window["mature_until"].clone(),
        window["immature_from"].clone(),
        window["immature"].clone(),
    )
}

#[test]
fn a_bucket_is_mature_at_the_moment_its_window_has_passed_and_not_before() {
    // The first day ends on the 2nd at midnight, and its 24 hours a day later.
    let at = |as_of: &str| {
        only(&format!(
            "conversion?from=2025-12-01&to=2025-12-04&interval=day&as_of={as_of}"
        ))
    };
    let (second, fourth) = ("2025-12-02T00:00:00+00:00", "2025-12-04T00:00:00+00:00");
    assert_eq!(
        at("2025-12-02T23:59:59.999999Z"),
        (Value::Null, json!("2025-12-01T00:00:00+00:00"), json!(3))
    );
    assert_eq!(at("2025-12-03T00:00:00Z"), (json!(second), json!(second), json!(2)));
    assert_eq!(
        at("2025-12-03T00:00:00.000001Z"),
        (json!(second), json!(second), json!(2))
    );
    assert_eq!(at("2025-12-05T00:00:00Z"), (json!(fourth), Value::Null, json!(0)));
}

#[test]
fn a_window_that_is_asked_for_counts_and_moments_are_those_of_the_zone() {
    // Rome's October ends on 31 October at 23:00 UTC, and its 30 days on 30 November at 23:00.
    let at = |as_of: &str, window: &str| {
        only(&format!(
            "bot-activation?from=2025-09-01&to=2025-12-01&interval=month&tz=Europe/Rome&as_of={as_of}{window}"
        ))
    };
    let (october, november) = ("2025-10-01T00:00:00+02:00", "2025-11-01T00:00:00+01:00");
    let exactly = "2025-11-30T23:00:00Z";
    assert_eq!(at(exactly, ""), (json!(november), json!(november), json!(1)));
    assert_eq!(
        at("2025-11-30T22:59:59Z", ""),
        (json!(october), json!(october), json!(2))
    );
    assert_eq!(at(exactly, "&window=31d"), (json!(october), json!(october), json!(2)));
    assert_eq!(
        at(exactly, "&window=1h"),
        (json!(november), json!(november), json!(1)),
        "November is over for no more than an instant"
    );
}

#[test]
fn every_rate_of_payments_has_a_window_of_its_own() {
    // 30 December is 60 days after 31 October and 120 after 1 September.
    let question = "payments?from=2025-06-01&to=2025-12-01&interval=month&as_of=2025-12-30T00:00:00Z";
    let first = |month: u32| format!("2025-{month:02}-01T00:00:00+00:00");
    let columns = |rate: &str| ["", "_n", "_ci_low", "_ci_high"].map(|end| format!("{rate}{end}"));
    let checkouts = columns("checkout_conversion");
    let refunds = json!({"columns": columns("refund_rate"), "window": "60d", "mature_until": first(10),
                         "immature_from": first(10), "immature": 2});
    let disputes = json!({"columns": columns("dispute_rate"), "window": "120d", "mature_until": first(9),
                          "immature_from": first(9), "immature": 3});
    let expected = [
        json!({"columns": checkouts, "window": "24h", "mature_until": first(12), "immature_from": null, "immature": 0}),
        refunds.clone(),
        disputes.clone(),
    ];
    assert_eq!(told(question), expected);
    // By currency there is no rate of checkouts that could settle.
    assert_eq!(told(&format!("{question}&currency=original")), [refunds, disputes]);
}

#[test]
fn a_clipped_bucket_settles_a_window_after_the_end_of_the_range() {
    let at = |as_of: &str| {
        only(&format!(
            "path-effect?from=2025-12-01&to=2025-12-02T06:00:00Z&interval=day&as_of={as_of}"
        ))
    };
    let (second, end) = ("2025-12-02T00:00:00+00:00", "2025-12-02T06:00:00+00:00");
    assert_eq!(at("2025-12-03T05:59:59Z"), (json!(second), json!(second), json!(1)));
    assert_eq!(at("2025-12-03T06:00:00Z"), (json!(end), Value::Null, json!(0)));
}

#[test]
fn what_has_no_window_says_nothing_and_what_has_one_names_columns_of_its_answer() {
    let mut with = Vec::new();
    for metric in metric_names() {
        let path = format!("/v1/metrics/{metric}?from=2016-07-01&to=2016-10-01&interval=month");
        let answer = small::loaded().client.get_json(&path);
        let names: Vec<&Value> = answer["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["name"])
            .collect();
        let windows = answer["meta"]["maturity"].as_array().unwrap();
        for window in windows {
            let columns = window["columns"].as_array().unwrap();
            assert!(
                !columns.is_empty() && columns.iter().all(|column| names.contains(&column)),
                "{window}"
            );
        }
        if !windows.is_empty() {
            with.push(metric);
        }
    }
    let settles = |metric: &&Metric| metric.columns().iter().any(|column| column.window.is_some());
    let declared: Vec<&str> = ALL.iter().filter(settles).map(|metric| metric.name).collect();
    assert_eq!(with, declared);
    assert!(with.contains(&"conversion") && !with.contains(&"bot-growth"));
}

#[test]
fn the_page_says_what_has_not_settled_and_nothing_of_the_rest() {
    // On 1 November July to September have had their 24 hours and 30 days, July and August also 60, none 120.
    let address = "/?from=2016-07-01&to=2016-09-30&interval=month&as_of=2016-11-01T00:00:00Z";
    let page = small::loaded().client.get(address).expect_status(200).text();
    let told: Vec<&str> = page
        .split("data-maturity=\"\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    let expected = "Not settled yet: refund rate, 1 of 3 months, from 1 Sep 2016, until 60 days after its end; \
                    dispute rate, all 3 months, until 120 days after their end.";
    assert_eq!(told, [expected]);
}
