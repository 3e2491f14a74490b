//! The forecast: worked by hand, worked again in Python, and the laws that any forecast must keep.

mod ledger;

use std::collections::BTreeMap;
use std::io::Write;

use botledger::metrics::{self, Argument, Outcome, Question};
use botledger::model::{Currency, Interval, Mode, TimeRange, Value};
use botledger::serve::answer::report::ANSWER_ROWS;
use chrono::{DateTime, Days, TimeDelta, Utc};
use polars::prelude::df;
use serde_json::json;

use crate::support::chance::seed;
use crate::support::facts::Facts;

const COLUMNS: [&str; 7] = [
    "value",
    "low_80",
    "high_80",
    "low_95",
    "high_95",
    "model_error",
    "baseline_error",
];

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}T00:00:00Z").parse().unwrap()
}

/// A question on the population by day, whose origin lies after `days` days of 2016.
fn question(days: usize, horizon: &str) -> Question {
    let from = at("2016-01-01");
    let to = from + Days::new(days as u64);
    Question {
        range: TimeRange::new(from, to, Some(Interval::Day), chrono_tz::Tz::UTC).unwrap(),
        as_of: at("2020-01-01"),
        mode: Mode::Live,
        currency: Currency::parse("USD"),
        group_by: Vec::new(),
        filters: Vec::new(),
        most_values: None,
        whole: false,
        parameters: parameters(&[("of", "bots"), ("horizon", horizon)]),
    }
}

fn parameters(given: &[(&str, &str)]) -> BTreeMap<&'static str, Argument> {
    let known = metrics::find("forecast").unwrap().parameters;
    let named = |name: &str| known.iter().find(|parameter| parameter.name == name).unwrap();
    let read = |(name, text): &(&str, &str)| (named(name).name, named(name).read(text).unwrap());
    given.iter().map(read).collect()
}

/// The lives of bots of which these are members at the end of each day.
fn population(members: &[i64]) -> Facts {
    with_population(Facts::default(), (1, "web"), members)
}

/// These facts and a population on one more platform: bots enter in the morning, and the last to have entered leave in
/// the evening.
fn with_population(facts: Facts, (number, platform): (i64, &str), members: &[i64]) -> Facts {
    let moment = |day: usize, hours: i64| {
        let day = at("2016-01-01") + Days::new(day as u64);
        (day + TimeDelta::hours(hours)).timestamp_micros()
    };
    let (mut since, mut until, mut present) = (Vec::new(), Vec::new(), Vec::new());
    for (day, members) in members.iter().enumerate() {
        while present.len() < *members as usize {
            present.push(since.len());
            since.push(moment(day, 6));
            until.push(None);
        }
        for bot in present.drain(*members as usize..) {
            until[bot] = Some(moment(day, 18));
        }
    }
    let keys: Vec<i64> = (0..since.len() as i64).map(|bot| number * 1_000_000 + bot).collect();
    let bots = df!("bot_key" => &keys, "platform" => vec![platform; keys.len()]).unwrap();
    let kind = vec!["member"; keys.len()];
    let spans = df!("bot_key" => keys, "kind" => kind, "time" => since, "until" => until).unwrap();
    facts.frame("facts/bots", bots).frame("facts/spans", spans)
}

fn answer(question: &Question, facts: &Facts) -> Outcome {
    metrics::find("forecast")
        .unwrap()
        .answer(question, facts, ANSWER_ROWS)
        .unwrap()
}

fn forecast(members: &[i64], horizon: &str) -> Outcome {
    answer(&question(members.len(), horizon), &population(members))
}

fn real(outcome: &Outcome, row: usize, column: &str) -> Option<f64> {
    match outcome.table.cell(row, column) {
        Value::Null => None,
        Value::Number(number) => Some(*number),
        other => panic!("{column} of row {row} is {other:?}"),
    }
}

/// The seven numbers of the rows ahead, in order.
fn ahead(outcome: &Outcome) -> Vec<[Option<f64>; 7]> {
    let rows = 0..outcome.table.rows.len();
    rows.filter(|row| *outcome.table.cell(*row, "horizon_start") != Value::Null)
        .map(|row| COLUMNS.map(|column| real(outcome, row, column)))
        .collect()
}

fn close(one: Option<f64>, two: f64, what: &str) {
    let one = one.unwrap_or_else(|| panic!("{what} is null"));
    assert!((one - two).abs() < 1e-6, "{what}: {one} is not {two}");
}

#[test]
fn what_stands_still_goes_on_standing_and_was_never_off() {
    let outcome = forecast(&[7; 14], "3");
    assert_eq!(
        ahead(&outcome),
        vec![
            [
                Some(7.0),
                Some(7.0),
                Some(7.0),
                Some(7.0),
                Some(7.0),
                Some(0.0),
                Some(0.0)
            ];
            3
        ]
    );
    // The last ratio again is as good: the answer must say so.
    let [warning] = outcome.warnings.as_slice() else {
        panic!("{:?}", outcome.warnings)
    };
    assert_eq!(
        warning,
        "the forecast does not beat simply repeating the last day's growth (the baseline) in 3 of the 3 days ahead \
         that can be tested on the past: for the day from 2016-01-17, its average error is 0 bots, and that of the \
         baseline 0"
    );
}

#[test]
fn a_straight_line_goes_on_and_the_last_ratio_overshoots_it() {
    // 10, 15, 20 … 65: one step ahead the ratio is off by 25 / previous, with previous 30, 35 … 55.
    let members: Vec<i64> = (0..12).map(|day| 10 + 5 * day).collect();
    let outcome = forecast(&members, "2");
    let rows = ahead(&outcome);
    for (row, value) in rows.iter().zip([70.0, 75.0]) {
        COLUMNS[..5]
            .iter()
            .zip(row)
            .for_each(|(column, number)| close(*number, value, column));
        close(row[5], 0.0, "model_error");
    }
    let off: f64 = [30.0, 35.0, 40.0, 45.0, 50.0, 55.0]
        .iter()
        .map(|previous| 25.0 / previous)
        .sum();
    close(rows[0][6], off / 6.0, "baseline_error");
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
}

#[test]
fn what_doubles_is_the_baselines_and_the_model_says_so() {
    let members: Vec<i64> = (0..12).map(|day| 1 << day).collect();
    let outcome = forecast(&members, "1");
    let rows = ahead(&outcome);
    close(rows[0][6], 0.0, "baseline_error");
    assert!(rows[0][5].unwrap() > 1.0 && rows[0][0].unwrap() < 4096.0);
    assert!(
        outcome.warnings[0].contains("(the baseline) in 1 of the 1 day ahead")
            && outcome.warnings[0].ends_with("that of the baseline 0"),
        "{:?}",
        outcome.warnings
    );
}

#[test]
fn fewer_than_six_buckets_are_null_with_the_reason() {
    // Days before the first bot teach nothing.
    let outcome = forecast(&[0, 0, 0, 1, 2, 3, 4, 5], "2");
    assert_eq!(ahead(&outcome), [[None; 7]; 2]);
    assert!(outcome.warnings[0].contains("6 complete buckets") && outcome.warnings[0].contains("there are 5"));
    assert!(ahead(&forecast(&[0, 0, 1, 2, 3, 4, 5, 6], "1"))[0][0].is_some());
    // With six there is a forecast, and nothing can be held back to judge it by.
    let outcome = forecast(&[1, 2, 3, 4, 5, 6], "1");
    assert_eq!(ahead(&outcome)[0][5..], [None, None]);
    assert!(
        outcome.warnings[0].contains("the error of earlier forecasts is not known"),
        "{:?}",
        outcome.warnings
    );
}

#[test]
fn the_rows_are_the_history_and_then_the_buckets_ahead() {
    let outcome = forecast(&[3, 5, 8, 9, 11, 14, 16, 21], "2016-01-11");
    assert_eq!(outcome.table.rows.len(), 8 + 2);
    for row in 0..10 {
        let cell = |column: &str| outcome.table.cell(row, column).to_text();
        let (start, complete) = (cell("bucket_start"), row < 8);
        assert_eq!(cell("complete"), complete.to_string());
        assert_eq!(cell("horizon_start"), if complete { String::new() } else { start });
    }
    assert_eq!(outcome.table.cell(7, "value").to_text(), "21");
    assert_eq!(
        outcome.table.cell(9, "bucket_end").to_text(),
        "2016-01-11T00:00:00+00:00"
    );
}

#[test]
fn only_complete_buckets_before_the_origin_and_as_of_are_learnt_from() {
    let members = [3, 5, 8, 9, 11, 14, 16, 21, 25];
    let told = ahead(&forecast(&members, "3"));
    // As of noon of the ninth day it is not over: whatever it shows, the eight before speak, one step further back.
    let mut early = question(9, "2");
    early.as_of = at("2016-01-09") + TimeDelta::hours(12);
    let mut changed = members;
    changed[8] = 900;
    let (one, two) = (
        answer(&early, &population(&members)),
        answer(&early, &population(&changed)),
    );
    assert_eq!(ahead(&one), ahead(&two));
    let eight = ahead(&forecast(&members[..8], "3"));
    assert_eq!(ahead(&one), eight[1..]);
    assert_ne!(told[..2], eight[1..]);
    // An origin within a day forecasts that whole day first.
    let mut within = question(9, "2");
    let range = &within.range;
    within.range = TimeRange::new(range.from, range.to - TimeDelta::hours(12), range.interval, range.tz).unwrap();
    assert_eq!(ahead(&answer(&within, &population(&changed))), eight[..2]);
}

#[test]
fn without_an_interval_buckets_are_days_and_the_answer_says_so() {
    let members = [3, 5, 8, 9, 11, 14, 16, 21];
    let mut whole = question(8, "2");
    whole.range = TimeRange::new(whole.range.from, whole.range.to, None, whole.range.tz).unwrap();
    let outcome = answer(&whole, &population(&members));
    assert_eq!(outcome.table, forecast(&members, "2").table);
    assert!(outcome.warnings[0].contains("buckets are days"));
}

#[test]
fn groups_are_forecast_each_for_itself() {
    let (one, two) = ([3, 5, 8, 9, 11, 14, 16, 21], [90, 80, 75, 70, 66, 60, 55, 41]);
    let both = with_population(Facts::default(), (1, "messenger"), &one);
    let both = with_population(both, (2, "web"), &two);
    let mut split = question(8, "2");
    split.group_by = vec!["platform"];
    let rows = ahead(&answer(&split, &both));
    let (alone, other) = (ahead(&forecast(&one, "2")), ahead(&forecast(&two, "2")));
    assert_eq!(rows, [alone[0], other[0], alone[1], other[1]]);
}

#[test]
fn of_many_groups_the_largest_are_told_of_and_the_others_counted() {
    let mut split = question(2, "1");
    split.group_by = vec!["platform"];
    let groups = (2..=8).fold(Facts::default(), |groups, members| {
        with_population(groups, (members, &format!("p{members}")), &[1, members])
    });
    let warnings = answer(&split, &groups).warnings;
    let named: Vec<&str> = warnings.iter().map(|warning| &warning[..2]).collect();
    assert_eq!(named, ["p8", "p7", "p6", "p5", "p4", "2 "]);
}

/// Numbers that look random and are the same everywhere.
struct Dice(u64);

impl Dice {
    /// In [0, 1).
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Of mean 0 and variance 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// A population that follows the model: level, damped trend and normal errors.
fn simulated(dice: &mut Dice, days: usize) -> Vec<i64> {
    let (mut level, mut trend) = (50_000.0, 200.0);
    let day = |_| {
        let error = 100.0 * dice.normal();
        let expected = level + 0.94 * trend;
        (level, trend) = (expected + 0.7 * error, 0.94 * trend + 0.15 * error);
        (expected + error).round() as i64
    };
    (0..days).map(day).collect()
}

#[test]
fn intervals_hold_what_they_promise() {
    const DAYS: usize = 60;
    let mut dice = Dice(seed(2016));
    let mut held = [[0; 2]; 2];
    let runs = 400;
    for _ in 0..runs {
        let members = simulated(&mut dice, DAYS + 6);
        let rows = ahead(&forecast(&members[..DAYS], "6"));
        for (place, step) in [1, 6].into_iter().enumerate() {
            let (row, came) = (
                rows[step - 1].map(|number| number.unwrap()),
                members[DAYS + step - 1] as f64,
            );
            held[place][0] += u32::from(row[1] <= came && came <= row[2]);
            held[place][1] += u32::from(row[3] <= came && came <= row[4]);
        }
    }
    // 80 and 95 of a hundred, less a little for parameters that are not known but fitted.
    for [in_80, in_95] in held.map(|counts| counts.map(|count| f64::from(count) / f64::from(runs))) {
        assert!(
            (0.70..=0.86).contains(&in_80),
            "{in_80} within the 80 % interval, of {held:?}"
        );
        assert!(
            (0.88..=0.98).contains(&in_95),
            "{in_95} within the 95 % interval, of {held:?}"
        );
    }
}

#[test]
fn python_comes_to_the_same_forecast() {
    let mut dice = Dice(seed(7));
    let mut all: Vec<Vec<i64>> = (0..6).map(|case| simulated(&mut dice, 7 + case * 6)).collect();
    all.push(vec![2, 3, 4, 4, 5, 6, 5, 5, 6, 7, 7, 7]);
    all.push(vec![5, 0, 0, 3, 0, 0, 1, 0, 0, 4, 0, 2, 9, 0, 0, 1]);
    all.push((0..20).map(|day| 40_000 >> day).collect());
    let steps = [1, 2, 5];
    let cases: Vec<_> = all
        .iter()
        .map(|values| json!({"values": values, "steps": steps}))
        .collect();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(json!(cases).to_string().as_bytes()).unwrap();
    let told = crate::sdks::run("forecast_oracle.py", &[file.path().to_str().unwrap()]);
    let mut compared = 0;
    for (case, values) in all.iter().enumerate() {
        let rows = ahead(&forecast(values, "5"));
        for (place, step) in steps.into_iter().enumerate() {
            for (column, (number, other)) in rows[step - 1]
                .iter()
                .zip(told[case][place].as_array().unwrap())
                .enumerate()
            {
                let what = format!("{} of case {case}, {step} ahead", COLUMNS[column]);
                assert_eq!(number.is_none(), other.is_null(), "{what}: {number:?}, {other}");
                if let (Some(number), Some(other)) = (number, other.as_f64()) {
                    // Six decimals are shown.
                    let most = 5.1e-7 + 1e-9 * other.abs();
                    assert!((number - other).abs() <= most, "{what}: {number} is not {other}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 150, "{compared}");
}
