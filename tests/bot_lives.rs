//! Activation, retention and milestones, worked by hand on small frames.

mod laws;

use botledger::metrics::{self, Frames, MetricError, Outcome, Question};
use botledger::model::{Currency, Interval, Mode, TimeRange, Value as Cell};
use chrono::{DateTime, Utc};
use polars::prelude::{DataFrame, df};

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
        parameters: parameters
            .iter()
            .map(|p| (p.name, given(p.name).unwrap_or(p.default).to_owned()))
            .collect(),
    }
}

fn compute(metric: &str, question: &Question, frames: Vec<(&'static str, DataFrame)>) -> Result<Outcome, MetricError> {
    (metrics::find(metric).unwrap().compute)(question, &Frames(frames.into_iter().collect()))
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
    let registered = df!(
        "cell" => [0i64, 0, 0, 1],
        "bots" => [2i64, 1, 1, 1],
        "to_conversation" => [None, Some(12 * HOUR), Some(24 * HOUR), None],
        "to_checkout" => [None, None, Some(36 * HOUR), None],
        "to_payment" => [None, None, Some(48 * HOUR), Some(0)],
    )
    .unwrap();
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
    let outcome = compute("bot-activation", &asked, vec![("registered", registered.clone())]).unwrap();
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
    let outcome = compute("bot-activation", &asked, vec![("registered", registered)]).unwrap();
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
    // Position 1 is the cut June. Bot 1 is first active in June and again in July and August, bot 2 in July,
    // bot 3 was active long before, bot 4 only in the bucket before the range.
    let words = df!(
        "bot_key" => [1i64, 2, 3, 4],
        "word" => [0i64; 4],
        "bits" => [0b1110i64, 0b0100, 0b1111, 0b0001],
        "before" => [0i64, 0, 1, 1],
    )
    .unwrap();
    let outcome = compute("bot-retention", &asked, vec![("words", words)]).unwrap();
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
    let none = df!(
        "cohort" => Vec::<i64>::new(),
        "bucket" => Vec::<i64>::new(),
        "users" => Vec::<i64>::new(),
    )
    .unwrap();
    let refused = compute("bot-retention", &asked, vec![("users", none)]);
    assert!(matches!(refused, Err(MetricError::TooManyRows(_))));
}

#[test]
fn milestones_of_every_group_have_a_row_also_those_not_reached() {
    let range = ("2016-08-01T00:00:00", "2016-09-01T00:00:00");
    let moments = |group: bool| {
        let mut frame = df!(
            "mark" => [1i64, 3, 10, 1],
            "reached_at" => [Some(at("2016-01-01T00:00:00").timestamp_micros()),
                             Some(at("2016-08-02T00:00:00").timestamp_micros()), None, None],
            "peak" => [3i64, 3, 3, 0],
        )
        .unwrap();
        if group {
            frame
                .with_column(polars::prelude::Column::new(
                    "platform".into(),
                    ["web", "web", "web", "fax"],
                ))
                .unwrap();
        }
        frame
    };
    let columns = ["population", "reached_at"];
    let asked = question("milestones", range, Some(Interval::Day), &[]);
    let outcome = compute("milestones", &asked, vec![("marks", moments(false).head(Some(3)))]).unwrap();
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
    let outcome = compute("milestones", &asked, vec![("marks", moments(true))]).unwrap();
    let told: Vec<Vec<String>> = (0..4)
        .map(|at| row(&outcome, at, &["platform", "population", "reached_at"]))
        .collect();
    let wanted = [
        ["fax", "2", ""],
        ["fax", "3", ""],
        ["web", "2", ""],
        ["web", "3", "2016-08-02T00:00:00+00:00"],
    ];
    assert_eq!(told, wanted);
    let outcome = compute("milestones", &asked, vec![("marks", moments(true).clear())]).unwrap();
    assert_eq!(
        (outcome.table.rows.len(), outcome.table.cell(0, "reached_at")),
        (2, &Cell::Null)
    );
}
