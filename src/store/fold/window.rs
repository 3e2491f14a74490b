//! Windows of commits: what a fold takes in, and how far folds have come.

use chrono::{DateTime, Utc};
use duckdb::Connection;

use crate::model::{Param, Params};
use crate::query;
use crate::store::{StoreError, sql};

/// A window of commits: everything received after `after`, up to and including `upto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Stamp of the last commit before the window.
    pub after: DateTime<Utc>,
    /// Stamp of its last commit.
    pub upto: DateTime<Utc>,
}

impl Window {
    /// A window without commits.
    pub(in crate::store) fn empty(at: DateTime<Utc>) -> Self {
        Window { after: at, upto: at }
    }

    pub(super) fn params(&self) -> Params {
        vec![("after", Param::Time(self.after)), ("upto", Param::Time(self.upto))]
    }

    /// The next window of at most about `most` events; `None` when nothing is waiting.
    pub(super) fn next(connection: &Connection, most: usize) -> Result<Option<Self>, StoreError> {
        let params = vec![("most", Param::Int(i64::try_from(most).unwrap_or(i64::MAX)))];
        let frame = sql::frame(connection, &query!("jobs/next_window"), &params, 1)?;
        let rows = sql::Rows(&frame);
        let window = rows.time("after", 0)?.zip(rows.time("upto", 0)?);
        Ok(window.map(|(after, upto)| Window { after, upto }))
    }
}

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

/// Stamp up to which events are folded, as this connection sees it.
pub fn folded_to(connection: &Connection) -> Result<DateTime<Utc>, StoreError> {
    sql::instant(sql::row(connection, &query!("jobs/folded_to"), [], |row| row.get(0))?)
}
