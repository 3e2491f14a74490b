//! Every query is one file, is used, and prepares against the schema as it stands.

use std::collections::BTreeSet;

use botledger::app::store_options;
use botledger::store::Store;
use duckdb::Connection;

use crate::support::app::{PRESENT, TestClock, config};
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
