//! One generated ledger with everything that goes wrong on the way, and answers about it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;

use botledger::generate::{self, Plan, Size};
use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::{Map, Value};

use crate::fx;
use crate::support::app::{TestApp, config, instant};
use crate::support::shared_folder;

/// Within a day, week, month, quarter and year: some windows are open, and the last buckets are not over.
pub const NOW: &str = "2025-04-17T09:20:00Z";
/// Half of the lines have been received by then.
pub const HALF: &str = "2025-04-17T09:30:00Z";
/// Everything has been received, also by a ledger that got it in another order.
pub const END: &str = "2025-04-17T12:00:00Z";

/// The lines as they were sent, those of the future left out.
pub fn lines() -> &'static [String] {
    static LINES: OnceLock<Vec<String>> = OnceLock::new();
    LINES.get_or_init(|| {
        let plan = Plan {
            seed: 31,
            bots: 36,
            size: Size::Conversations(3_000),
            from: instant("2024-02-01T00:00:00Z"),
            to: instant("2025-05-01T00:00:00Z"),
            late_share: 600,
            out_of_order_share: 600,
            duplicate_share: 400,
            conflict_share: 100,
            test_share: 500,
            unattributed_share: 700,
            ..Plan::default()
        };
        let happened = |line: &String| instant(event(line)["time"].as_str().unwrap()) <= instant(NOW);
        generate::generate(plan).unwrap().filter(happened).collect()
    })
}

fn event(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

/// The lines that are accepted: of one identity the first.
pub fn accepted() -> Vec<&'static str> {
    let mut known = HashSet::new();
    let is_new = |line: &&String| {
        let event = event(line);
        known.insert((event["source"].to_string(), event["id"].to_string()))
    };
    lines().iter().filter(is_new).map(String::as_str).collect()
}

/// Rates of every Monday; JPY has none any more from summer on, and KWD never had one.
fn rates() -> String {
    let monday = NaiveDate::from_ymd_opt(2024, 1, 29).unwrap();
    let weeks = (0..66).flat_map(|week: u32| {
        let day = monday.checked_add_days(Days::new(u64::from(week) * 7)).unwrap();
        let quote = |base: &str, quote: &str, digits: u32| {
            format!("{day},{base},{quote},{}.{:04}", digits / 10_000, digits % 10_000)
        };
        let mut quotes = vec![
            quote("EUR", "USD", 10_400 + week * 131 % 700),
            quote("GBP", "USD", 12_500 + week * 57 % 900),
        ];
        quotes.extend((week < 25).then(|| quote("EUR", "JPY", 1_600_000 + week * 7_919 % 90_000)));
        quotes
    });
    let rows: Vec<String> = weeks.collect();
    fx::plain(&rows.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A ledger that receives parts one after another, the first half of them by [`HALF`].
pub fn receive(app: &TestApp, parts: &[Vec<&str>]) {
    app.clock.set(NOW);
    fx::import(app, &rates());
    for (at, part) in parts.iter().enumerate() {
        if at == parts.len() / 2 {
            app.clock.set(HALF);
            app.clock.advance(TimeDelta::minutes(1));
        }
        let counts = app.client.post_events(&part.join("\n"));
        assert_eq!(counts.rejected, 0);
        // Facts are also folded from what is half there.
        if at % 3 == 0 {
            app.wait_folded();
        }
    }
    app.wait_folded();
    app.clock.set(END);
}

pub fn app() -> &'static TestApp {
    static APP: OnceLock<TestApp> = OnceLock::new();
    APP.get_or_init(|| {
        let app = TestApp::on(config(&shared_folder("laws")));
        let lines: Vec<&str> = lines().iter().map(String::as_str).collect();
        let parts: Vec<Vec<&str>> = lines.chunks(lines.len().div_ceil(8)).map(<[&str]>::to_vec).collect();
        receive(&app, &parts);
        app
    })
}

/// A row by column.
pub type Row = Map<String, Value>;

/// The rows of an answer.
pub fn rows(app: &TestApp, question: &str) -> Vec<Row> {
    let answer = app.client.get_json(&format!("/v1/metrics/{question}"));
    serde_json::from_value(answer["rows"].clone()).unwrap()
}

/// The cells of a row that stand under some names, as one key.
pub fn key(row: &Row, names: &[&str]) -> Vec<String> {
    let cell = |name: &&str| row.get(*name).map_or_else(String::new, Value::to_string);
    names.iter().map(cell).collect()
}

/// Rows by the cells under some names.
pub fn by_key<'a>(rows: &'a [Row], names: &[&str]) -> BTreeMap<Vec<String>, Vec<&'a Row>> {
    let mut found: BTreeMap<Vec<String>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        found.entry(key(row, names)).or_default().push(row);
    }
    found
}

/// A count; null counts nothing.
pub fn count(row: &Row, column: &str) -> i64 {
    let cell = row.get(column).unwrap_or_else(|| panic!("no {column} in {row:?}"));
    if cell.is_null() {
        return 0;
    }
    let number = cell.as_f64().unwrap_or_else(|| panic!("{column} is {cell}"));
    assert_eq!(number.fract(), 0.0, "{column} is {cell}");
    number as i64
}

pub fn real(row: &Row, column: &str) -> Option<f64> {
    row.get(column)
        .unwrap_or_else(|| panic!("no {column} in {row:?}"))
        .as_f64()
}

/// An amount in minor units.
pub fn minor(row: &Row, column: &str) -> Option<i128> {
    let text = row
        .get(column)
        .unwrap_or_else(|| panic!("no {column} in {row:?}"))
        .as_str()?;
    Some(text.replace('.', "").parse().unwrap())
}

#[test]
fn the_world_has_everything_that_goes_wrong() {
    let events: Vec<Value> = lines().iter().map(|line| event(line)).collect();
    let field = |name: &'static str| -> BTreeSet<&str> {
        let values = events.iter().filter_map(|event| event["data"][name].as_str());
        values.collect()
    };
    assert!(lines().len() > accepted().len() + 200, "repeats and contradictions");
    assert!(field("platform").len() > 2 && field("provider").len() > 2 && field("mode").contains("test"));
    let unattributed = |event: &&Value| event["data"]["provider"].is_string() && event["data"]["bot_id"].is_null();
    assert!(events.iter().filter(unattributed).count() > 50);
    let mut times = events.iter().map(|event| event["time"].as_str().unwrap().to_owned());
    assert!(!times.by_ref().is_sorted(), "late and out of order");
    let question = "payments?from=2024-02-01&to=2025-05-01&currency=USD";
    let payments = &rows(app(), question)[0];
    assert!(
        count(payments, "unconverted") > 10 && count(payments, "payments") > 200,
        "{payments:?}"
    );
    let known = |as_of: &str| count(&rows(app(), &format!("{question}&as_of={as_of}"))[0], "payments");
    assert!(known(NOW) == 0 && known(HALF) > 20 && known(HALF) < known(END));
}
