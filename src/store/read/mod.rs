//! Questions: snapshots of the facts as they are or were, bounded in time, and exports.

pub(super) mod deadline;
mod exported;
pub(super) mod ledger;
mod past;
pub(super) mod readers;

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use duckdb::Connection;
use polars::prelude::DataFrame;

use super::fold::window::folded_to;
use super::{Store, StoreError, sql};
use crate::model::{Event, Params, Query};
use crate::query;

/// Longest wait for a fold that an answer needs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Time between two looks whether it is done.
const PAUSE: Duration = Duration::from_millis(5);

impl Store {
    /// Has work done on one snapshot of the facts as known at `as_of`.
    ///
    /// Blocking. A moment before the last folded commit is answered by folding again, from the
    /// events received by then, only those entities that changed since.
    ///
    /// # Errors
    /// Those of the work, [`StoreError::Timeout`], or what the database said.
    pub fn at<T, E: From<StoreError>>(
        &self,
        as_of: DateTime<Utc>,
        work: impl FnOnce(&Snapshot<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.await_fold(as_of)?;
        let mut failed = None;
        let done = self.reading(|connection| {
            let is_past = as_of < folded_to(connection)?;
            if is_past {
                past::enter(connection, as_of, &self.shared.rules, &|| self.check())?;
            }
            let done = work(&Snapshot {
                store: self,
                connection,
            });
            if is_past {
                past::leave(connection)?;
            }
            // A connection whose work has failed is not used again.
            done.map_err(|error| {
                failed = Some(error);
                StoreError::Stopped
            })
        });
        match (done, failed) {
            (Err(StoreError::Stopped), Some(error)) => Err(error),
            (done, _) => Ok(done?),
        }
    }

    /// Waits, bounded, until what was stamped by `as_of` is folded; from then on no new stamp is before it.
    fn await_fold(&self, as_of: DateTime<Utc>) -> Result<(), StoreError> {
        let asked = Instant::now();
        while !self.is_folded(as_of) {
            self.check()?;
            if asked.elapsed() > PATIENCE {
                return Err(StoreError::Busy);
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Waits as [`Store::at`] does before it reads, but without a thread.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the fold is too far behind.
    pub async fn folded_by(&self, as_of: DateTime<Utc>) -> Result<(), StoreError> {
        let asked = Instant::now();
        while !self.is_folded(as_of) {
            if asked.elapsed() > PATIENCE {
                return Err(StoreError::Busy);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Whether everything that was stamped by a moment is folded.
    fn is_folded(&self, as_of: DateTime<Utc>) -> bool {
        // A stamp that is given is waited for, also while its commit is being written.
        let stamped = self.shared.moments.ask(as_of.timestamp_micros());
        let folded = self.folded_to();
        stamped <= folded.timestamp_micros() || as_of <= folded
    }

    /// Writes every event to Parquet files under `folder`, partitioned by day.
    ///
    /// # Errors
    /// When the folder is not empty or the file system or database fails.
    pub fn export_parquet(&self, folder: &Path) -> Result<u64, StoreError> {
        let target = folder
            .to_str()
            .ok_or(StoreError::Corrupt("the folder's name is not valid UTF-8"))?;
        self.shared.readers.unbounded(|connection| {
            let rows: i64 = sql::row(connection, &query!("serve/export_events"), [target], |row| row.get(0))?;
            Ok(rows.unsigned_abs())
        })
    }

    /// Reads one Parquet file of an export and hands its events on in blocks.
    ///
    /// # Errors
    /// If it is not such a file, has what no export has, or `take` fails.
    pub fn read_export(
        &self,
        file: &Path,
        take: &mut dyn FnMut(Vec<Event>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let readers = &self.shared.readers;
        readers.unbounded(|connection| exported::read(connection, file, take))
    }
}

/// The facts as they were known at one moment.
pub struct Snapshot<'a> {
    store: &'a Store,
    connection: &'a Connection,
}

impl Snapshot<'_> {
    /// The rows of a query.
    ///
    /// # Errors
    /// [`StoreError::Timeout`], [`StoreError::TooManyRows`], or what the database said.
    pub fn frame(&self, query: &Query, params: &Params) -> Result<DataFrame, StoreError> {
        let limit = self.store.shared.readers.row_limit();
        let frame = sql::frame(self.connection, query, params, limit);
        self.store.shared.alarm.heed(&frame);
        frame
    }
}
