//! Folding: events become facts, in one transaction on a connection of its own.
//!
//! The fold writes logs and facts, the writer writes events and identities: two connections
//! with disjoint tables, so that neither waits for the other. What one fold does:
//! copy a window of events into the logs, note which entities they touch, fold those entities
//! again from all their logged events, replace their facts, and mark the window as folded.
//! The same steps, without the writing, answer a question about the past.

use chrono::{DateTime, Utc};
use duckdb::Connection;
use polars::prelude::DataFrame;

use super::aside::{self, Aside};
use super::{quarantine, refolding, touching};
use crate::model::{Param, Params, Query};
use crate::query;
use crate::store::{Store, StoreError, lock, sql};

/// A window of commits: everything received after `after`, up to and including `upto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Stamp of the last commit before the window.
    pub after: DateTime<Utc>,
    /// Stamp of its last commit.
    pub upto: DateTime<Utc>,
}

impl Window {
    fn params(&self) -> Params {
        vec![("after", Param::Time(self.after)), ("upto", Param::Time(self.upto))]
    }
}

/// Rows of the cube that may lie scattered before it is worth putting them together.
const SCATTERED: i64 = 10_000;

/// What one fold did.
#[derive(Debug, Clone, Copy)]
pub struct FoldReport {
    /// The window.
    pub window: Window,
    /// Payments folded again.
    pub payments: usize,
    /// Conversations folded again, per mode.
    pub conversations: usize,
    /// Bots folded again.
    pub bots: usize,
    /// Days of bots folded again.
    pub days: usize,
}

/// Logs that are filled from a window of events, in this order.
const LOGS: [Query; 6] = [
    query!("jobs/log_payments"),
    query!("jobs/log_aliases"),
    query!("jobs/log_moved"),
    query!("jobs/log_bots"),
    query!("jobs/log_activity"),
    query!("jobs/log_late"),
];

impl Store {
    /// Folds the next window of at most about `most` events; `None` when nothing is waiting.
    ///
    /// # Errors
    /// When a query or a computation fails; nothing of the window is kept then.
    pub fn fold(&self, most: usize) -> Result<Option<FoldReport>, StoreError> {
        let connection = lock(&self.shared.folding);
        let transaction = connection.unchecked_transaction()?;
        let folded = folded_to(&transaction)?;
        let window = match next_window(&transaction, most)? {
            Some(window) => window,
            None if aside::is_waiting(&transaction)? => Window {
                after: folded,
                upto: folded,
            },
            None => return Ok(None),
        };
        transaction.execute_batch(query!("jobs/session").sql)?;
        for query in LOGS {
            sql::run(&transaction, &query, &window.params())?;
        }
        let mut about_conversations = window.params();
        about_conversations.push((
            "since",
            Param::Time(since(&transaction, query!("jobs/fresh_since"), &window.params())?),
        ));
        sql::run(&transaction, &query!("jobs/log_conversations"), &about_conversations)?;
        let go_on = || match self.shared.stop.has_passed() {
            true => Err(StoreError::Stopped),
            false => Ok(()),
        };
        let mut aside = Aside::new(&transaction, &self.shared.rules, &go_on);
        touching::by_window(&transaction, &window.params(), &mut aside)?;
        let after = vec![("after", Param::Time(window.after))];
        let since = since(&transaction, query!("jobs/touched_since"), &after)?;
        let report = refolding::refold(&transaction, window, since, &Target::Tables, &mut aside)?;
        aside.keep(window.upto)?;
        sql::run(
            &transaction,
            &query!("jobs/mark_folded"),
            &vec![("upto", Param::Time(window.upto))],
        )?;
        let quarantine = quarantine::load(&transaction)?;
        transaction.commit()?;
        *lock(&self.shared.quarantine) = quarantine;
        self.shared.folded.send_replace(window.upto);
        self.shared.writer.nudge();
        Ok(Some(report))
    }

    /// Puts the rows of the cube together where they have scattered; true if there was need to.
    ///
    /// # Errors
    /// When the database fails; everything stays as it was then.
    pub fn compact_cells(&self) -> Result<bool, StoreError> {
        let connection = lock(&self.shared.folding);
        let transaction = connection.unchecked_transaction()?;
        let scattered = sql::frame(&transaction, &query!("jobs/cells_scattered"), &Params::new(), 1)?;
        let count = |name: &str| -> Result<i64, StoreError> { Ok(scattered.column(name)?.i64()?.get(0).unwrap_or(0)) };
        if count("rows")? <= 2 * count("cells")? + SCATTERED {
            return Ok(false);
        }
        transaction.execute_batch(query!("jobs/session").sql)?;
        transaction.execute_batch(query!("jobs/cells_compact").sql)?;
        transaction.commit()?;
        Ok(true)
    }

    /// Throws away logs and facts; the next folds make them again from the events.
    ///
    /// # Errors
    /// When the database fails; everything stays as it was then.
    pub fn reset_facts(&self) -> Result<(), StoreError> {
        let connection = lock(&self.shared.folding);
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(query!("jobs/reset").sql)?;
        let quarantine = quarantine::load(&transaction)?;
        transaction.commit()?;
        *lock(&self.shared.quarantine) = quarantine;
        self.shared.folded.send_replace(DateTime::UNIX_EPOCH);
        Ok(())
    }
}

/// Where refolded facts go: in place of the old ones, or beside them for a question about the past.
pub(in crate::store) enum Target {
    /// The tables, after their old rows were dropped.
    Tables,
    /// The temporary tables behind the views of `jobs/past_views`.
    Past,
}

impl Target {
    /// Takes the touched conversations out of the cube or puts them back; of the past the cube is a view.
    pub(in crate::store) fn count_cells(&self, connection: &Connection, query: Query) -> Result<(), StoreError> {
        match self {
            Target::Tables => sql::run(connection, &query, &Params::new()),
            Target::Past => Ok(()),
        }
    }

    /// Notes which payment each touched name belongs to.
    pub(in crate::store) fn replace_roots(&self, connection: &Connection) -> Result<(), StoreError> {
        let query = match self {
            Target::Tables => query!("jobs/replace_roots"),
            Target::Past => query!("jobs/past_roots"),
        };
        sql::execute(connection, &query)
    }

    /// Puts rows in place of those that `drop_rows` drops.
    pub(in crate::store) fn replace(
        &self,
        connection: &Connection,
        drop_rows: &Query,
        rows: &[Rows],
    ) -> Result<(), StoreError> {
        if matches!(self, Target::Tables) {
            sql::execute(connection, drop_rows)?;
        }
        rows.iter().try_for_each(|Rows { table, past, frame }| {
            sql::append(
                connection,
                if matches!(self, Target::Tables) { table } else { past },
                frame,
            )
        })
    }
}

/// Rows of facts and where they go.
pub(in crate::store) struct Rows<'a> {
    /// The table.
    pub table: &'static str,
    /// The temporary table of a question about the past.
    pub past: &'static str,
    /// The rows.
    pub frame: &'a DataFrame,
}

/// A stamp before which nothing about the conversations of `query` came in.
fn since(connection: &Connection, query: Query, params: &Params) -> Result<DateTime<Utc>, StoreError> {
    let frame = sql::frame(connection, &query, params, 1)?;
    sql::instant(frame.column("since")?.i64()?.get(0).unwrap_or_default())
}

/// Stamp up to which events are folded, as this connection sees it.
pub(in crate::store) fn folded_to(connection: &Connection) -> Result<DateTime<Utc>, StoreError> {
    sql::instant(connection.query_row(query!("jobs/folded_to").sql, [], |row| row.get(0))?)
}

fn next_window(connection: &Connection, most: usize) -> Result<Option<Window>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let frame = sql::frame(
        connection,
        &query!("jobs/next_window"),
        &vec![("most", Param::Int(most))],
        1,
    )?;
    let micros = |name: &str| -> Result<Option<i64>, StoreError> { Ok(frame.column(name)?.i64()?.get(0)) };
    match (micros("after")?, micros("upto")?) {
        (Some(after), Some(upto)) => Ok(Some(Window {
            after: sql::instant(after)?,
            upto: sql::instant(upto)?,
        })),
        _ => Ok(None),
    }
}
