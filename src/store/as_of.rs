//! Questions: frames of the facts as they are, or as they were known at an earlier moment.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use duckdb::Connection;
use polars::prelude::DataFrame;

use super::folding::{self, Target, Window};
use super::{Store, StoreError, read, writer};
use crate::model::{Param, Params, Query};
use crate::query;

/// Entities that changed since the asked moment.
const CHANGED: [Query; 4] = [
    query!("jobs/past_payments"),
    query!("jobs/past_conversations"),
    query!("jobs/past_bots"),
    query!("jobs/past_days"),
];

impl Store {
    /// Runs queries in one snapshot of the facts as known at `as_of`.
    ///
    /// Blocking. A moment before the last folded commit is answered by folding again, from the
    /// events received by then, only those entities that changed since.
    ///
    /// # Errors
    /// [`StoreError::Timeout`], [`StoreError::TooManyRows`], or what the database said.
    pub fn frames(&self, as_of: DateTime<Utc>, queries: &[(Query, Params)]) -> Result<Vec<DataFrame>, StoreError> {
        self.await_fold(as_of)?;
        let readers = &self.shared.readers;
        let limit = readers.row_limit();
        let answer = |connection: &Connection| -> Result<Vec<DataFrame>, StoreError> {
            queries.iter().map(|(query, params)| read::frame(connection, query, params, limit)).collect()
        };
        readers.with(|connection| {
            let folded: i64 = connection.query_row(query!("jobs/folded_to").sql, [], |row| row.get(0))?;
            if as_of >= writer::instant(folded)? {
                return answer(connection);
            }
            enter_past(connection, as_of)?;
            let frames = answer(connection);
            connection.execute_batch(query!("jobs/past_drop").sql)?;
            frames
        })
    }

    /// Waits, bounded, until what was committed by `as_of` is folded.
    fn await_fold(&self, as_of: DateTime<Utc>) -> Result<(), StoreError> {
        let asked = Instant::now();
        loop {
            let folded = self.folded_to();
            let committed = *self.shared.committed.borrow();
            if committed <= folded || as_of <= folded {
                return Ok(());
            }
            if asked.elapsed() > PATIENCE {
                return Err(StoreError::Busy);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Longest wait for a fold that an answer needs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Puts views of the past in front of the tables of facts and logs, on this connection only.
fn enter_past(connection: &Connection, as_of: DateTime<Utc>) -> Result<(), StoreError> {
    let upto: Params = vec![("upto", Param::Time(as_of))];
    connection.execute_batch(query!("jobs/session").sql)?;
    connection.execute_batch(query!("jobs/past_views").sql)?;
    folding::run(connection, &query!("jobs/past_moment"), &upto)?;
    for query in &CHANGED {
        folding::run(connection, query, &upto)?;
    }
    folding::refold(connection, Window { after: as_of, upto: as_of }, &Target::Past).map(drop)
}
