//! Activation, retention and milestones, worked by hand on a few facts.

mod laws;

use botledger::metrics::{self, MetricError, Outcome, Question};
use botledger::model::{Currency, Interval, Mode, TimeRange, Value as Cell};
use botledger::serve::answer::report::ANSWER_ROWS;
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::support::facts::Facts;

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

fn question(metric: &str, (from, to): (&str, &str), interval: Option<Interval>, own: &[(&str, &str)]) -> Question {
    let given = |name: &str| own.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let parameters = metrics::find(metric).unwrap().parameters;
    Question {
        range: TimeRange::new(at(from), at(to), interval, chrono_tz::Tz::UTC).unwrap(),
        as_of: at("2017-01-01T00:00:00"),
        mode: Mode::Live,
        currency: Currency::parse("USD"),
        group_by: Vec::new(),
        filters: Vec::new(),
        most_values: None,
        whole: false,
        parameters: parameters
            .iter()
            .map(|p| (p.name, p.read(given(p.name).unwrap_or(p.default)).unwrap()))
            .collect(),
    }
}

fn compute(metric: &str, question: &Question, facts: &Facts) -> Result<Outcome, MetricError> {
    metrics::find(metric).unwrap().answer(question, facts, ANSWER_ROWS)
}

/// The named cells of a row as text.
fn row(outcome: &Outcome, row: usize, columns: &[&str]) -> Vec<String> {
    columns
        .iter()
        .map(|column| outcome.table.cell(row, column).to_text())
        .collect()
}

const HOUR: i64 = 3_600_000_000;

#[test]
fn a_young_bucket_has_counts_and_no_rate() {
    let mut asked = question(
        "bot-activation",
        ("2016-09-01T00:00:00", "2016-09-03T00:00:00"),
        Some(Interval::Day),
        &[("window", "7d")],
    );
    // The first day: four bots, of which two alike took no step, one talked after 12 hours, and one did all
    // after 24, 36 and 48 hours. The second day: one, paid without a checkout.
    let (first, second) = ("2016-09-01T08:00:00", "2016-09-02T08:00:00");
    let registered = Facts::default().rows(
        "facts/first_steps",
        &json!([
            {"bot_key": 1, "time": first},
            {"bot_key": 2, "time": first},
            {"bot_key": 3, "time": first, "to_conversation": 12 * HOUR},
            {"bot_key": 4, "time": first, "to_conversation": 24 * HOUR, "to_checkout": 36 * HOUR,
             "to_payment": 48 * HOUR},
            {"bot_key": 5, "time": second, "to_payment": 0},
        ]),
    );
    let columns = [
        "registered",
        "with_conversation",
        "with_checkout",
        "with_payment",
        "rate",
        "median_days_to_conversation",
        "median_days_to_checkout",
        "median_days_to_payment",
    ];
    let outcome = compute("bot-activation", &asked, &registered).unwrap();
    assert_eq!(
        row(&outcome, 0, &columns),
        ["4", "2", "1", "1", "0.25", "0.75", "1.5", "2"]
    );
    assert_eq!(row(&outcome, 1, &columns), ["1", "0", "0", "1", "1", "", "", "0"]);
    let [window] = outcome.windows.as_slice() else {
        panic!("{:?}", outcome.windows)
    };
    assert_eq!(
        (window.written.as_str(), window.length),
        ("7d", chrono::TimeDelta::days(7))
    );
    assert!(!window.columns.contains(&"registered") && window.columns.contains(&"median_days_to_payment"));
    // On the 9th the first day has had its seven days, and the second has not.
    asked.as_of = at("2016-09-09T00:00:00");
    let outcome = compute("bot-activation", &asked, &registered).unwrap();
    assert_eq!(row(&outcome, 0, &["with_payment", "rate"]), ["1", "0.25"]);
    assert_eq!(row(&outcome, 1, &columns), ["1", "0", "0", "1", "", "", "", ""]);
}

#[test]
fn an_incomplete_cell_of_a_cohort_is_null() {
    let mut asked = question(
        "bot-retention",
        ("2016-06-15T00:00:00", "2016-09-01T00:00:00"),
        Some(Interval::Month),
        &[],
    );
    asked.as_of = at("2016-08-20T00:00:00");
    // June is cut. Bot 1 is first active in June and again in July and August, bot 2 in July, bot 3 was active long
    // before, bot 4 only in the bucket before the range.
    let activity = Facts::default().active(&[
        (1, "2016-06-20T10:00:00"),
        (1, "2016-07-20T10:00:00"),
        (1, "2016-08-10T10:00:00"),
        (2, "2016-07-01T00:00:00"),
        (3, "2015-01-01T10:00:00"),
        (3, "2016-05-20T10:00:00"),
        (3, "2016-06-15T00:00:00"),
        (3, "2016-07-20T10:00:00"),
        (3, "2016-08-10T10:00:00"),
        (4, "2016-05-31T23:45:00"),
    ]);
    let outcome = compute("bot-retention", &asked, &activity).unwrap();
    let columns = [
        "cohort_start",
        "period",
        "cohort_size",
        "active",
        "share",
        "ci_high",
        "complete",
    ];
    let told: Vec<String> = (0..outcome.table.rows.len())
        .map(|at| row(&outcome, at, &columns).join(" ").replace("T00:00:00+00:00", ""))
        .collect();
    assert_eq!(
        told,
        [
            "2016-06-15 0 1    false",
            "2016-06-15 1 1 1 1 1 true",
            "2016-06-15 2 1    false",
            "2016-07-01 0 1 1 1 1 true",
            "2016-07-01 1 1    false",
            "2016-08-01 0 0    false",
        ]
    );
    assert_eq!(row(&outcome, 1, &["bucket_start"]), ["2016-07-01T00:00:00+00:00"]);
}

#[test]
fn a_triangle_that_is_too_long_is_refused() {
    let asked = question(
        "bot-retention",
        ("2016-01-01T00:00:00", "2017-01-01T00:00:00"),
        Some(Interval::Hour),
        &[("unit", "user")],
    );
    let refused = compute("bot-retention", &asked, &Facts::default());
    assert!(matches!(refused, Err(MetricError::TooManyRows(_))));
}

#[test]
fn milestones_of_every_group_have_a_row_also_those_not_reached() {
    let range = ("2016-08-01T00:00:00", "2016-09-01T00:00:00");
    // The platform web has three bots, the third from August on, and fax has one.
    let life = |bot: i64, since: &str| json!({"bot_key": bot, "kind": "member", "time": since});
    let of_web = json!([
        life(1, "2016-01-01T00:00:00"),
        life(2, "2016-03-01T00:00:00"),
        life(3, "2016-08-02T00:00:00")
    ]);
    let web = Facts::default().rows("facts/spans", &of_web);
    let columns = ["population", "reached_at"];
    let asked = question("milestones", range, Some(Interval::Day), &[]);
    let outcome = compute("milestones", &asked, &web).unwrap();
    assert_eq!(outcome.table.rows.len(), 3, "1 and 3, and the next of the series");
    assert_eq!(
        row(&outcome, 0, &columns),
        ["1", "2016-01-01T00:00:00+00:00"],
        "also before `from`"
    );
    assert_eq!(row(&outcome, 2, &columns), ["10", ""]);
    assert_eq!(
        row(&outcome, 2, &["peak"]),
        ["3"],
        "of the population, in each of its rows"
    );
    assert_eq!(
        row(&outcome, 2, &["bucket_start", "bucket_end", "complete"]),
        ["2016-08-01T00:00:00+00:00", "2016-09-01T00:00:00+00:00", "true"]
    );
    let mut asked = question("milestones", range, None, &[("at", "3,2,3")]);
    asked.group_by = vec!["platform"];
    let of = |bot: i64, platform: &str| json!({"bot_key": bot, "platform": platform});
    let bots = json!([of(1, "web"), of(2, "web"), of(3, "web"), of(4, "fax")]);
    let both = web
        .rows("facts/spans", &json!([life(4, "2016-08-05T00:00:00")]))
        .rows("facts/bots", &bots);
    let outcome = compute("milestones", &asked, &both).unwrap();
    let told: Vec<Vec<String>> = (0..4)
        .map(|at| row(&outcome, at, &["platform", "population", "reached_at"]))
        .collect();
    let wanted = [
        ["fax", "2", ""],
        ["fax", "3", ""],
        ["web", "2", "2016-03-01T00:00:00+00:00"],
        ["web", "3", "2016-08-02T00:00:00+00:00"],
    ];
    assert_eq!(told, wanted);
    let outcome = compute("milestones", &asked, &Facts::default()).unwrap();
    assert_eq!(
        (outcome.table.rows.len(), outcome.table.cell(0, "reached_at")),
        (2, &Cell::Null)
    );
}
