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
    let name = |path: &std::path::PathBuf| path.strip_prefix(&root).unwrap().with_extension("").to_str().unwrap().to_owned();
    paths.iter().map(name).collect()
}

/// Names in every `query!("…")` of the source.
fn used() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut paths = Vec::new();
    collect(&project("src"), "rs", &mut paths);
    for path in paths {
        let text = std::fs::read_to_string(path).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
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
    let all = files();
    // The schema has made the tables; sessions and the past make temporary ones that others read.
    let makes_tables = ["jobs/session", "jobs/past_views"];
    for name in makes_tables {
        ledger.0.execute_batch(&read(&format!("queries/{name}.sql"))).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let once = |name: &str| name.starts_with("schema/0") || makes_tables.contains(&name);
    for name in all.iter().filter(|name| !once(name)) {
        let sql = read(&format!("queries/{name}.sql"));
        prepare(&ledger.0, &sql).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Prepares every statement of a file; they are separated by `;` at the end of a line.
fn prepare(connection: &Connection, sql: &str) -> duckdb::Result<()> {
    let statements = sql.split(";\n").filter(|statement| statement.lines().any(|line| !line.trim_start().starts_with("--") && !line.trim().is_empty()));
    for statement in statements {
        connection.prepare(statement)?;
    }
    Ok(())
}
