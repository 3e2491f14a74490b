//! Every calendar in every answer: clocks that change, days that are missing, weeks over a new year, leap days.
//!
//! At each instant a bot is registered, talks, checks out, is paid and is declined once, so that all metrics that
//! count must count the same in the same bucket.

mod scenarios;

use std::sync::OnceLock;

use serde_json::{Value, json};

use self::scenarios::{SCENARIOS, Scenario, View};
use crate::support::app::{TestApp, config};
use crate::support::events::{Draft, bot_registered, captured, checkout, conversation, lines};
use crate::support::shared_folder;

/// Metrics, the columns that count what happened, and what tells the rows apart that count it.
const COUNTED: [Counted; 12] = [
    ("bot-growth?", &["registered"], &[]),
    ("bot-activity?", &["active", "new"], &[]),
    (
        "bot-activation?",
        &["registered", "with_conversation", "with_checkout", "with_payment"],
        &[],
    ),
    ("bot-retention?", &["cohort_size", "active"], &[("period", "0")]),
    (
        "bot-retention?unit=user",
        &["cohort_size", "active"],
        &[("period", "0")],
    ),
    ("conversion?", &["entered", "reached"], &[("step_index", "3")]),
    ("conversion?unit=user", &["entered", "reached"], &[("step_index", "3")]),
    ("path-effect?", &["n"], &[("baseline", "redirect")]),
    ("provider-share?", &["payments"], &[]),
    (
        "payments?",
        &["payments", "payers", "bots", "checkout_conversion_n"],
        &[],
    ),
    ("declines?", &["attempts"], &[]),
    ("coverage?", &["payments", "attributed", "with_conversation"], &[]),
];

type Counted = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

/// Everything that happens to a bot of its own at an instant.
fn moment(platform: &str, at: &str) -> Vec<Draft> {
    let bot = format!("bot at {at}");
    let (talk, basket) = (format!("c {at}"), format!("k {at}"));
    let paid = captured(&format!("{platform} {at}"), "1.00", "USD");
    let failed = json!({"provider": "stripe", "payment_id": format!("{platform} {at} failed"), "decline_code": "no",
                        "amount": {"value": "1.00", "currency": "USD"}});
    let drafts = [
        bot_registered(&bot),
        conversation(&bot, &talk),
        checkout(&bot, &talk, &basket),
        paid.with("conversation_id", talk.as_str())
            .with("checkout_id", basket.as_str()),
        Draft::new("transaction.failed", failed),
    ];
    let own = |draft: Draft| {
        let draft = draft.with("platform", platform).with("bot_id", bot.as_str());
        draft.with("user_id", format!("u {at}")).at(at)
    };
    drafts.into_iter().map(own).collect()
}

fn app() -> &'static TestApp {
    static APP: OnceLock<TestApp> = OnceLock::new();
    APP.get_or_init(|| {
        let app = TestApp::on(config(&shared_folder("calendar")));
        for scenario in SCENARIOS {
            let moments = scenario.instants.iter().flat_map(|at| moment(scenario.name, at));
            let events: Vec<Draft> = moments.collect();
            let answer = app.client.post_lines(&lines(&events)).expect_status(200).json();
            assert_eq!(answer["accepted"], events.len(), "{answer}");
        }
        app.wait_folded();
        app
    })
}

fn ask(scenario: &Scenario, metric: &str, range: &str) -> Vec<Value> {
    let question = format!("{metric}&{range}&tz={}&platform={}", scenario.zone, scenario.name);
    let answer = app()
        .client
        .get_json(&format!("/v1/metrics/{}", question.replace("?&", "?")));
    answer["rows"].as_array().unwrap().clone()
}

/// A number or a text as the table above has them.
fn plain(cell: &Value) -> String {
    cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)
}

/// The rows of a metric that count, one a bucket: without gaps, from the beginning to the end.
fn counting(scenario: &Scenario, view: &View, metric: &str, rows: &[(&str, &str)]) -> Vec<Value> {
    let named = |row: &Value| rows.iter().all(|(name, value)| plain(&row[*name]) == *value);
    let mut all = ask(scenario, metric, view.range);
    all.retain(named);
    for (one, next) in all.iter().zip(all.iter().skip(1)) {
        assert_eq!(one["bucket_end"], next["bucket_start"], "{metric} {}", scenario.name);
    }
    assert_eq!(
        all.len(),
        view.buckets,
        "buckets of {metric} {} {}",
        scenario.name,
        view.range
    );
    assert!(
        all.iter().all(|row| row["complete"] == true),
        "{metric} {}",
        scenario.name
    );
    all
}

#[test]
fn every_metric_counts_in_the_bucket_of_the_local_calendar() {
    let mut cells = 0;
    for scenario in SCENARIOS {
        for view in scenario.views {
            for (metric, columns, rows) in COUNTED {
                let rows = counting(scenario, view, metric, rows);
                for column in columns {
                    let told = rows.iter().filter(|row| row[*column] != 0);
                    let told = told.map(|row| {
                        let start = row["bucket_start"].as_str().unwrap();
                        (start, row[*column].as_i64().unwrap())
                    });
                    let told: Vec<(&str, i64)> = told.collect();
                    assert_eq!(
                        told, view.counts,
                        "{column} of {metric} {} {}",
                        scenario.name, view.range
                    );
                    cells += rows.len();
                }
            }
        }
    }
    println!("{cells} buckets of {} scenarios", SCENARIOS.len());
    assert!(cells > 3_000, "{cells}");
}

#[test]
fn the_history_of_a_forecast_follows_the_local_calendar_too() {
    for scenario in SCENARIOS {
        for view in scenario.views.iter().filter(|view| view.range.contains("interval")) {
            for of in ["payments", "gross"] {
                let rows = counting(
                    scenario,
                    view,
                    &format!("forecast?of={of}&horizon=2000-01-01"),
                    &[("horizon_start", "null")],
                );
                let number = |row: &Value| match &row["value"] {
                    Value::String(text) => text.parse::<f64>().unwrap(),
                    other => other.as_f64().unwrap(),
                };
                let told = rows.iter().filter(|row| number(row) != 0.0);
                let told: Vec<(&str, f64)> = told
                    .map(|row| (row["bucket_start"].as_str().unwrap(), number(row)))
                    .collect();
                let wanted: Vec<(&str, f64)> = view.counts.iter().map(|(start, n)| (*start, *n as f64)).collect();
                assert_eq!(told, wanted, "{of} {} {}", scenario.name, view.range);
            }
        }
    }
}

fn named(name: &str) -> &'static Scenario {
    SCENARIOS.iter().find(|scenario| scenario.name == name).unwrap()
}

#[test]
fn of_the_doubled_hour_a_moment_is_told_with_its_own_offset() {
    for (at, wanted) in [
        (1, "2016-10-30T02:30:00+02:00"),
        (2, "2016-10-30T02:00:00+01:00"),
        (3, "2016-10-30T02:30:00+01:00"),
    ] {
        let range = format!("from=2016-10-30&to=2016-10-31&at={at}");
        assert_eq!(
            ask(named("berlin_autumn"), "milestones?", &range)[0]["reached_at"],
            wanted
        );
    }
}

#[test]
fn a_day_that_was_left_out_holds_nothing_to_ask_about() {
    let path = "/v1/metrics/payments?from=2011-12-30&to=2011-12-31&tz=Pacific/Apia";
    assert_eq!(app().client.get(path).problem(400, "invalid_parameter"), "to");
    // A year later the day is there, and has nothing to be compared with.
    let rows = ask(
        named("apia"),
        "bot-growth?compare=previous_year",
        "from=2012-12-29&to=2013-01-01&interval=day",
    );
    let before: Vec<&Value> = rows.iter().map(|row| &row["registered_previous"]).collect();
    assert_eq!(before, [&json!(1), &Value::Null, &json!(1)]);
}

#[test]
fn a_pace_is_over_the_real_length_of_its_bucket() {
    // One bot before February 2016 and three after it: 29 days, not 28.
    let rows = ask(
        named("leap_day"),
        "bot-growth?",
        "from=2016-02-01&to=2016-03-01&interval=month",
    );
    let days = rows[0]["doubling_days"].as_f64().unwrap();
    assert!((days - 29.0 * 2f64.ln() / 3f64.ln()).abs() < 1e-9, "{days}");
    // One before 12 September in Kathmandu; one before the 25 hours of a day in Berlin, then two and four.
    let rows = ask(
        named("kathmandu"),
        "bot-growth?",
        "from=2016-09-12&to=2016-09-13&interval=day",
    );
    let days = rows[0]["doubling_days"].as_f64().unwrap();
    assert!((days - 2f64.ln() / 3f64.ln()).abs() < 1e-9, "{days}");
    let rows = ask(
        named("berlin_autumn"),
        "bot-growth?",
        "from=2016-10-30T02:30:00%2B02:00&to=2016-10-30T03:00:00%2B01:00&interval=hour",
    );
    let told: Vec<(&Value, &Value)> = rows.iter().map(|row| (&row["opening"], &row["closing"])).collect();
    assert_eq!(told, [(&json!(0), &json!(1)), (&json!(1), &json!(3))]);
}

#[test]
fn a_leap_day_has_no_counterpart_and_february_ends_a_day_earlier_the_year_before() {
    let registered = |range: &str| -> Vec<(Value, Value)> {
        let rows = ask(named("leap_day"), "bot-growth?compare=previous_year", range);
        rows.iter()
            .map(|row| (row["registered"].clone(), row["registered_previous"].clone()))
            .collect()
    };
    assert_eq!(
        registered("from=2016-02-28&to=2016-03-02&interval=day"),
        [(json!(0), json!(1)), (json!(2), Value::Null), (json!(1), json!(0))]
    );
    assert_eq!(
        registered("from=2016-02-01&to=2016-04-01&interval=month"),
        [(json!(2), json!(1)), (json!(1), json!(0))]
    );
    // The 28 days before the leap day stand beside all 28 days of February 2015.
    for interval in ["", "&interval=month"] {
        let told = registered(&format!("from=2016-02-01&to=2016-02-29{interval}"));
        let before = if interval.is_empty() { json!(1) } else { Value::Null };
        assert_eq!(told, [(json!(0), before)], "{interval}");
    }
    assert_eq!(
        registered("from=2016-02-28&to=2016-02-29&interval=day"),
        [(json!(0), json!(1))]
    );
    assert_eq!(registered("from=2016-02-29&to=2016-03-01"), [(json!(2), Value::Null)]);
}

#[test]
fn weeks_meet_weeks_and_an_hour_that_was_left_out_meets_none() {
    // 52 weeks before the week from 2 January 2017 lies that from 4 January 2016.
    let rows = ask(
        named("iso_weeks"),
        "payments?compare=previous_year",
        "from=2016-12-26&to=2017-01-09&interval=week",
    );
    let before: Vec<&Value> = rows.iter().map(|row| &row["payments_previous"]).collect();
    assert_eq!(before, [&json!(3), &json!(1)]);
    let rows = ask(
        named("berlin_spring"),
        "payments?compare=previous_year",
        "from=2017-03-27T01:00&to=2017-03-27T04:00&interval=hour",
    );
    let before: Vec<&Value> = rows.iter().map(|row| &row["payments_previous"]).collect();
    assert_eq!(before, [&json!(1), &Value::Null, &json!(2)]);
}
