//! The sample that can be counted by hand, and its worked answers.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use botledger::metrics::{self, Metric};
use chrono::TimeDelta;
use serde_json::{Map, Value};

use crate::support::app::{TestApp, config, instant};
use crate::support::client::{Client, Counts};
use crate::support::ledger::Ledger;
use crate::support::{program, project, read, shared_folder};

/// The lines of the sample.
pub fn sample() -> String {
    read("sample-data/small.ndjson")
}

/// The worked questions.
pub fn answers() -> &'static Value {
    static ANSWERS: OnceLock<Value> = OnceLock::new();
    ANSWERS.get_or_init(|| serde_json::from_str(&read("sample-data/small.answers.json")).unwrap())
}

pub fn questions() -> &'static [Value] {
    answers()["questions"].as_array().unwrap()
}

/// A moment after the sample was received by [`loaded`], and before its present.
pub const RECEIVED: &str = "2026-01-01T12:00:00Z";

/// A server with the sample, folded; one for all tests that only read.
pub fn loaded() -> &'static TestApp {
    static LOADED: OnceLock<TestApp> = OnceLock::new();
    LOADED.get_or_init(|| {
        let app = TestApp::on(config(&shared_folder("small")));
        app.client.post_events(&sample());
        app.wait_folded();
        app.clock.advance(TimeDelta::days(1));
        app
    })
}

/// The rows of every worked question, as they are answered.
pub fn ask_all(client: &Client) -> Vec<Value> {
    questions()
        .iter()
        .map(|question| client.get_json(question["query"].as_str().unwrap())["rows"].clone())
        .collect()
}

fn key(question: &Value, row: &Map<String, Value>) -> Vec<String> {
    question["key"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| row[name.as_str().unwrap()].to_string())
        .collect()
}

fn differs(wanted: &Value, found: &Value, tolerance: f64) -> bool {
    match (wanted.as_f64(), found.as_f64()) {
        (Some(wanted), Some(found)) => (wanted - found).abs() > tolerance,
        _ => wanted != found,
    }
}

/// Everything in which rows differ from the worked ones.
fn differences(question: &Value, rows: &[Value], tolerance: f64) -> Vec<String> {
    let name = question["name"].as_str().unwrap();
    let wanted = question["rows"].as_array().unwrap();
    let mut differences = Vec::new();
    if rows.len() != wanted.len() {
        differences.push(format!("{name}: {} rows instead of {}", rows.len(), wanted.len()));
    }
    for wanted in wanted.iter().map(|row| row.as_object().unwrap()) {
        let wanted_key = key(question, wanted);
        let found = rows
            .iter()
            .map(|row| row.as_object().unwrap())
            .find(|row| key(question, row) == wanted_key);
        let Some(found) = found else {
            differences.push(format!("{name}: no row {wanted_key:?}"));
            continue;
        };
        for (column, value) in wanted {
            match found.get(column) {
                None => differences.push(format!("{name} {wanted_key:?}: no column {column}")),
                Some(cell) if differs(value, cell, tolerance) => {
                    differences.push(format!("{name} {wanted_key:?} {column}: {cell} instead of {value}"));
                }
                Some(_) => {}
            }
        }
    }
    differences
}

#[test]
fn every_worked_answer_is_given() {
    let app = loaded();
    let tolerance = answers()["tolerance"].as_f64().unwrap();
    let mut all = Vec::new();
    for question in questions() {
        let answer = app.client.get_json(question["query"].as_str().unwrap());
        all.extend(differences(question, answer["rows"].as_array().unwrap(), tolerance));
    }
    assert!(all.is_empty(), "{} differences:\n{}", all.len(), all.join("\n"));
}

/// Columns that no sample can fill, whatever happens in it: they are 0, or the program is wrong.
const ALWAYS_ZERO: [(&str, &str); 2] = [("bot-growth", "residual"), ("bot-activity", "residual")];

/// What changes the columns of an answer, beside the metric itself.
const VARIANTS: [&str; 8] = [
    "",
    "&currency=original",
    "&unit=user",
    "&of=payments",
    "&of=gross",
    "&of=payment_success",
    "&dimension=wallet",
    "&basis=cohort",
];

/// The columns that answers of a metric have, with all its parameters.
fn columns(metric: &Metric) -> BTreeSet<String> {
    let range = "from=2016-06-01&to=2016-10-01&interval=month";
    let answers = VARIANTS.iter().filter_map(|variant| {
        let question = format!("/v1/metrics/{}?{range}{variant}", metric.name);
        let reply = loaded().client.get(&question);
        // Not every metric takes every parameter.
        (reply.status == 200).then(|| reply.json())
    });
    let names = answers.flat_map(|answer| answer["columns"].as_array().unwrap().clone());
    names
        .map(|column| column["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Whether a cell says anything: neither null nor 0.
fn speaks(cell: &Value) -> bool {
    match cell {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => text.parse() != Ok(0.0),
        _ => true,
    }
}

#[test]
fn every_column_of_every_metric_has_been_worked_out_by_hand() {
    let stood = answers()["as_it_stood"]["questions"].as_array().unwrap();
    let mut missing = Vec::new();
    for metric in metrics::ALL {
        let worked = questions()
            .iter()
            .chain(stood)
            .filter(|one| one["metric"] == metric.name);
        let rows: Vec<&Value> = worked.flat_map(|one| one["rows"].as_array().unwrap()).collect();
        let columns = columns(metric);
        assert!(columns.len() > 4 && !rows.is_empty(), "{}", metric.name);
        for column in columns {
            let worked = rows.iter().any(|row| speaks(&row[&column]));
            let always_zero = ALWAYS_ZERO.contains(&(metric.name, &column));
            let listed = rows.iter().any(|row| row.get(&column).is_some());
            if worked == always_zero || !listed {
                missing.push(format!("{} {column}", metric.name));
            }
        }
    }
    assert!(missing.is_empty(), "not worked out: {missing:?}");
}

#[test]
fn at_noon_of_16_september_everything_stood_as_worked_out() {
    let wanted = &answers()["as_it_stood"];
    let now = wanted["now"].as_str().unwrap();
    let happened = |line: &&str| {
        let event: Value = serde_json::from_str(line).unwrap();
        instant(event["time"].as_str().unwrap()) <= instant(now)
    };
    let app = TestApp::start();
    app.clock.set(now);
    let known: String = sample()
        .lines()
        .filter(happened)
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(
        app.client.post_events(&known).accepted,
        wanted["accepted"].as_u64().unwrap()
    );
    app.wait_folded();
    let tolerance = answers()["tolerance"].as_f64().unwrap();
    let mut all = Vec::new();
    for question in wanted["questions"].as_array().unwrap() {
        let answer = app.client.get_json(question["query"].as_str().unwrap());
        all.extend(differences(question, answer["rows"].as_array().unwrap(), tolerance));
    }
    assert!(all.is_empty(), "{} differences:\n{}", all.len(), all.join("\n"));
}

#[test]
fn ingest_counts_as_it_was_worked_out_also_the_second_time() {
    let app = TestApp::start();
    for part in ["ingest", "ingest_again"] {
        let wanted = &answers()[part];
        let wanted = |name: &str| wanted[name].as_u64().unwrap();
        let expected = Counts {
            accepted: wanted("accepted"),
            duplicates: wanted("duplicates"),
            conflicts: wanted("conflicts"),
            rejected: wanted("rejected"),
        };
        assert_eq!(app.client.post_events(&sample()), expected, "{part}");
    }
}

#[test]
fn folding_in_many_steps_gives_the_same_facts_as_folding_at_once() {
    let (mut at_once, mut step_by_step) = (TestApp::start(), TestApp::start());
    at_once.client.post_events(&sample());
    at_once.wait_folded();
    for line in sample().lines() {
        step_by_step.client.post_lines(line).expect_status(200);
        step_by_step.wait_folded();
    }
    let answers = (ask_all(&at_once.client), ask_all(&step_by_step.client));
    assert_eq!(answers.0, answers.1);
    at_once.stop();
    step_by_step.stop();
    let facts = |app: &TestApp| Ledger::open(&app.config.data_dir).facts();
    assert_eq!(facts(&at_once), facts(&step_by_step));
}

#[test]
fn a_rebuild_gives_identical_facts_and_answers() {
    let mut app = TestApp::start();
    let sample = sample();
    let middle = sample[..sample.len() / 2].rfind('\n').unwrap() + 1;
    let (first, rest) = sample.split_at(middle);
    for part in [first, rest] {
        app.client.post_lines(part).expect_status(200);
        app.wait_folded();
    }
    app.clock.advance(TimeDelta::days(1));
    let asked = |app: &TestApp| -> Vec<Vec<u8>> {
        let ask = |path: &str| {
            app.client
                .get(&format!("{path}&as_of={RECEIVED}"))
                .expect_status(200)
                .body
        };
        questions()
            .iter()
            .map(|question| ask(question["query"].as_str().unwrap()))
            .collect()
    };
    let before = asked(&app);
    app.stop();
    let facts = Ledger::open(&app.config.data_dir).facts();
    assert!(facts.len() > 30);
    program::run_on(&app.config.data_dir, &["rebuild"]);
    assert_eq!(Ledger::open(&app.config.data_dir).facts(), facts);
    app.restart();
    assert_eq!(asked(&app), before, "byte for byte");
}

#[test]
fn the_file_ends_with_its_deliberate_conflict() {
    let sample = sample();
    assert_eq!(
        sample.lines().count() as u64,
        answers()["ingest"]["lines"].as_u64().unwrap()
    );
    assert!(sample.lines().last().unwrap().contains("300.00"));
    assert!(project("sample-data/small.md").exists());
}
