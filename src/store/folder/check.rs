//! Reads everything that a stopped ledger holds, changes nothing, and says what is wrong.

use arrow::array::{Array, StringArray};
use chrono::{DateTime, Utc};
use duckdb::Connection;

use super::mark::Held;
use super::startup;
use crate::model::event::identity;
use crate::query;
use crate::store::sql::{connect, schema};
use crate::store::{StoreError, StoreOptions, sql};

/// What a check has found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Each table that was read whole, with its rows.
    pub read: Vec<(String, i64)>,
    /// What is wrong, a sentence each; empty: nothing.
    pub wrong: Vec<String>,
    /// The fingerprint of the key that the database was written under.
    pub key: Option<String>,
}

impl Checked {
    /// What could be told, or why it could not.
    fn note<T>(&mut self, what: &str, found: Result<T, StoreError>) -> Option<T> {
        found
            .map_err(|error| self.wrong.push(format!("{what} cannot be read: {error}")))
            .ok()
    }
}

/// Reads the ledger of a folder whole.
///
/// # Errors
/// When another process holds it, it is of a later version, or the file system fails. What is damaged or gone is no
/// error but what was looked for.
pub fn check(options: &StoreOptions, now: DateTime<Utc>) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    let opened = startup::look(options).and_then(|()| startup::connect(options, connect::to_read));
    let connection = match opened {
        Ok(connection) => connection,
        Err(error @ (StoreError::Loss(_) | StoreError::Damaged(_))) => {
            checked.wrong.push(error.to_string());
            return Ok(checked);
        }
        Err(error) => return Err(error),
    };
    let loss = startup::loss(&connection, &options.data_dir);
    if let Some(Some(loss)) = checked.note("the mark", loss) {
        checked.wrong.push(loss.to_string());
    }
    let current = match schema::is_current(&connection) {
        Err(error @ StoreError::NewerSchema { .. }) => return Err(error),
        current => checked.note("the version", current),
    };
    if current == Some(false) {
        let older = "an earlier version wrote the ledger: start this version once to upgrade it, then check";
        checked.wrong.push(older.to_owned());
    }
    if current != Some(true) {
        return Ok(checked);
    }
    tables(&connection, &mut checked);
    let agreed = identities(&connection);
    if let Some(Some(wrong)) = checked.note("identities", agreed) {
        checked.wrong.push(wrong);
    }
    let broken = rules(&connection);
    for wrong in checked
        .note("what has to hold between tables", broken)
        .unwrap_or_default()
    {
        checked.wrong.push(wrong);
    }
    let last = Held::of(&connection, 0).and_then(|(held, _)| sql::instant(held.last_micros));
    if let Some(last) = checked
        .note("commits", last)
        .filter(|last| *last - now > startup::AHEAD)
    {
        checked
            .wrong
            .push(format!("the last commit is stamped {last}, ahead of the clock ({now})"));
    }
    let key = connection.query_row(query!("ingest/pseudonym_key").sql, [], |row| row.get(0));
    checked.key = key.ok();
    Ok(checked)
}

/// Reads every column of every table.
fn tables(connection: &Connection, checked: &mut Checked) {
    let names = || -> Result<Vec<String>, StoreError> {
        let mut statement = connection.prepare(query!("check/tables").sql)?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    };
    for name in checked.note("the list of tables", names()).unwrap_or_default() {
        let rows = connection.query_row(query!("check/table").sql, [&name], |row| row.get(0));
        if let Some(rows) = checked.note(&format!("the table {name}"), rows.map_err(StoreError::from)) {
            checked.read.push((name, rows));
        }
    }
}

/// Count, sums and XORs of a set of identities. Two different sets practically never agree in all three.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    count: i64,
    sums: [i64; 2],
    xors: [i64; 2],
}

impl Sum {
    fn add(&mut self, (high, low): (i64, i64)) {
        self.count += 1;
        for (at, half) in [high, low].into_iter().enumerate() {
            self.sums[at] = self.sums[at].wrapping_add(half);
            self.xors[at] ^= half;
        }
    }
}

/// Compares the identities of all events with those that are kept; what is wrong with them.
fn identities(connection: &Connection) -> Result<Option<String>, StoreError> {
    let (mut of_events, mut kept) = (Sum::default(), Sum::default());
    let mut statement = connection.prepare(query!("check/events").sql)?;
    for batch in statement.stream_arrow([])? {
        let batch = batch?;
        let texts = |at: usize| batch.column(at).as_any().downcast_ref::<StringArray>();
        let (Some(sources), Some(ids)) = (texts(0), texts(1)) else {
            return Err(StoreError::Corrupt("an event's id that is no text"));
        };
        for row in 0..ids.len() {
            of_events.add(identity(sources.value(row), ids.value(row)));
        }
    }
    for query in [query!("ingest/all_keys"), query!("ingest/recent_keys")] {
        sql::each(connection, &query, |[high, low]| kept.add((high, low)))?;
    }
    Ok((of_events != kept).then(|| {
        format!(
            "the stored identities ({}) are not those of the events ({})",
            kept.count, of_events.count
        )
    }))
}

/// The rules between tables that do not hold.
fn rules(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare(query!("check/rules").sql)?;
    let broken = statement.query_map([], |row| {
        let (broken, rows): (String, i64) = (row.get(0)?, row.get(1)?);
        Ok(format!("{broken}: {rows}"))
    })?;
    Ok(broken.collect::<Result<_, _>>()?)
}
