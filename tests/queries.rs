//! Every query is one file, is used, and prepares against the schema as it stands.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use botledger::app::store_options;
use botledger::metrics::{self, Metric, MetricError, Source};
use botledger::model::{Currency, Params, Query};
use botledger::serve::answer::question::{Defaults, parse};
use botledger::serve::answer::report::ANSWER_ROWS;
use botledger::store::{Snapshot, Store, StoreError};
use duckdb::Connection;
use polars::prelude::{DataFrame, DataType};

use crate::small;
use crate::support::app::{PRESENT, TestClock, config, instant};
use crate::support::facts::{Facts, are_stated};
use crate::support::ledger::Ledger;
use crate::support::rust::{collect, sources};
use crate::support::{project, read};

/// Names of all files under `queries/`.
fn files() -> BTreeSet<String> {
    let root = project("queries");
    let mut paths = Vec::new();
    collect(&root, "sql", &mut paths);
    let name = |path: &std::path::PathBuf| {
        path.strip_prefix(&root)
            .unwrap()
            .with_extension("")
            .to_str()
            .unwrap()
            .to_owned()
    };
    paths.iter().map(name).collect()
}

/// Names in every `query!("…")` of the source.
fn used() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut paths = Vec::new();
    collect(&project("src"), "rs", &mut paths);
    for path in paths {
        let text = std::fs::read_to_string(path).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        let mut rest = code.as_str();
        while let Some(at) = rest.find("query!(\"") {
            rest = &rest[at + "query!(\"".len()..];
            names.insert(rest[..rest.find('"').unwrap()].to_owned());
        }
    }
    names
}

#[test]
fn every_file_is_used_and_every_use_has_a_file() {
    assert_eq!(files(), used());
    assert!(!sources().is_empty());
}

#[test]
fn every_query_prepares_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let options = store_options(&config(folder.path()));
    let store = Store::open(&options, TestClock::at(PRESENT).clock()).unwrap();
    store.close();
    drop(store);
    let ledger = Ledger::open(folder.path());
    let names = files();
    let sql = |name: &str| read(&format!("queries/{name}.sql"));
    let execute = |name: &str| {
        ledger
            .0
            .execute_batch(&sql(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let check = |name: &String| prepare(&ledger.0, &sql(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    // The migrations have made the tables, a session makes its working sets, and a question about the past
    // puts its views in front of the tables: each before those that read them.
    let past = |name: &&String| name.starts_with("jobs/past_");
    execute("jobs/session");
    execute("ingest/moving_stamps");
    names
        .iter()
        .filter(|name| !past(name) && !name.starts_with("schema/0"))
        .for_each(check);
    execute("jobs/past_views");
    names.iter().filter(past).for_each(check);
}

/// Prepares every statement of a file; they are separated by `;` at the end of a line.
fn prepare(connection: &Connection, sql: &str) -> duckdb::Result<()> {
    let statements = sql.split(";\n").filter(|statement| {
        statement
            .lines()
            .any(|line| !line.trim_start().starts_with("--") && !line.trim().is_empty())
    });
    for statement in statements {
        connection.prepare(statement)?;
    }
    Ok(())
}

/// The facts of the store; every query must be given exactly the parameters that it names.
struct Checked<'a> {
    snapshot: &'a Snapshot<'a>,
    read: RefCell<BTreeSet<&'static str>>,
}

impl Source for Checked<'_> {
    fn read(&self, query: &Query, params: &Params) -> Result<DataFrame, MetricError> {
        let given: BTreeSet<&str> = params.iter().map(|(name, _)| *name).collect();
        assert_eq!(given, named(query.sql), "{}", query.name);
        let frame = self.snapshot.frame(query, params).unwrap();
        if are_stated(query.name) {
            let stated = Facts::default().read(query, params)?;
            assert_eq!(types(&stated), types(&frame), "{}", query.name);
        }
        self.read.borrow_mut().insert(query.name);
        Ok(frame)
    }
}

/// The names after every `$` of a query.
fn named(sql: &str) -> BTreeSet<&str> {
    let code = sql.lines().filter(|line| !line.trim_start().starts_with("--"));
    let places = code.flat_map(|line| line.split('$').skip(1));
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    places.map(|rest| rest.split(|c| !is_part(c)).next().unwrap()).collect()
}

fn types(frame: &DataFrame) -> BTreeMap<String, DataType> {
    let columns = frame.columns().iter();
    columns
        .map(|column| (column.name().to_string(), column.dtype().clone()))
        .collect()
}

/// Questions about a metric that make it read everything that it may: with and without what its facts can be split by,
/// and for each value of the parameters that choose the facts.
fn questions(metric: &Metric) -> Vec<Vec<(String, String)>> {
    let dimensions: Vec<&str> = metric.dimensions.iter().map(|dimension| dimension.0).collect();
    let dimensions = dimensions.join(",");
    let own: &[&[(&str, &str)]] = match metric.name {
        "bot-retention" => &[&[("unit", "user")]],
        "change" => &[&[("of", "payment_success")]],
        "conversion" => &[&[("steps", "checkout,paid")], &[("unit", "user")]],
        "forecast" => &[&[("of", "payments")], &[("of", "gross")]],
        "payments" | "provider-share" => &[&[("basis", "cohort")]],
        _ => &[],
    };
    let common: [&[(&str, &str)]; 3] = [
        &[],
        &[("group_by", &dimensions), ("currency", "original")],
        &[
            ("platform", "messenger"),
            ("platform!", "(none)"),
            ("interval", "month"),
        ],
    ];
    let range = [("from", "2016-06-01"), ("to", "2016-10-01")];
    let asked = std::iter::once(&[] as &[(&str, &str)]).chain(own.iter().copied());
    let asked = asked.flat_map(|own| common.map(|common| [range.as_slice(), own, common].concat()));
    let texts = |pairs: Vec<(&str, &str)>| {
        pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    };
    asked.map(texts).collect()
}

#[test]
fn every_query_of_a_metric_gets_exactly_the_parameters_it_names() {
    let now = instant(small::RECEIVED);
    let defaults = Defaults {
        now,
        as_of: now,
        currency: Currency::parse("USD"),
    };
    let read = small::loaded().store().at(now, |snapshot| {
        let checked = Checked {
            snapshot,
            read: RefCell::default(),
        };
        for metric in metrics::ALL {
            for pairs in questions(metric) {
                let asked = parse(metric, &pairs, &defaults).unwrap_or_else(|error| panic!("{pairs:?}: {error}"));
                let outcome = metric.answer(&asked.question, &checked, ANSWER_ROWS);
                outcome.unwrap_or_else(|error| panic!("{} {pairs:?}: {error}", metric.name));
            }
        }
        Ok::<_, StoreError>(checked.read.into_inner())
    });
    let facts: BTreeSet<String> = files().into_iter().filter(|name| name.starts_with("facts/")).collect();
    let read: BTreeSet<String> = read.unwrap().into_iter().map(str::to_owned).collect();
    assert_eq!(read, facts, "each of them is read by a question");
}
