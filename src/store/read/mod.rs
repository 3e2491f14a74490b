//! Questions: snapshots of the facts as they are or were, bounded in time, and exports.

pub(super) mod deadline;
mod exported;
pub(super) mod ledger;
mod past;
pub(super) mod readers;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use duckdb::Connection;
use polars::prelude::DataFrame;

use super::fold::window::folded_to;
use super::{Store, StoreError, sql};
use crate::model::{Event, Params, Query};
use crate::query;

/// Connections that one question may use at once.
const LANES: usize = 4;

/// How far was folded, and the frames that one connection read, with their places.
type Lane = (DateTime<Utc>, Vec<(usize, DataFrame)>);

/// Longest wait for a fold that an answer needs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Time between two looks whether it is done.
const PAUSE: Duration = Duration::from_millis(5);

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
        if let Some(frames) = self.side_by_side(as_of, queries)? {
            return Ok(frames);
        }
        let readers = &self.shared.readers;
        let limit = readers.row_limit();
        let answer = |connection: &Connection| -> Result<Vec<DataFrame>, StoreError> {
            queries
                .iter()
                .map(|(query, params)| sql::frame(connection, query, params, limit))
                .collect()
        };
        self.reading(|connection| {
            if as_of >= folded_to(connection)? {
                return answer(connection);
            }
            past::enter(connection, as_of, &self.shared.rules, &|| self.check())?;
            let frames = answer(connection);
            past::leave(connection)?;
            frames
        })
    }

    /// Runs the queries on several connections at once. Facts change only when something is folded,
    /// so snapshots that agree on how far that has come are the same; `None` where they do not, or
    /// where the question is about the past.
    fn side_by_side(
        &self,
        as_of: DateTime<Utc>,
        queries: &[(Query, Params)],
    ) -> Result<Option<Vec<DataFrame>>, StoreError> {
        let lanes = std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(queries.len())
            .min(LANES);
        let (readers, next) = (&self.shared.readers, AtomicUsize::new(0));
        let lane = || {
            self.reading(|connection| {
                let folded = folded_to(connection)?;
                let mut frames = Vec::new();
                while folded <= as_of
                    && let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some((query, params)) = queries.get(index)
                {
                    frames.push((index, sql::frame(connection, query, params, readers.row_limit())?));
                }
                Ok((folded, frames))
            })
        };
        let done: Vec<Lane> = std::thread::scope(|scope| {
            let others: Vec<_> = (1..lanes).map(|_| scope.spawn(lane)).collect();
            let own = lane();
            let others = others
                .into_iter()
                .map(|thread| thread.join().unwrap_or(Err(StoreError::Stopped)));
            std::iter::once(own).chain(others).collect::<Result<_, StoreError>>()
        })?;
        let agree = done.iter().all(|(folded, _)| *folded == done[0].0 && *folded <= as_of);
        let mut frames: Vec<(usize, DataFrame)> = done.into_iter().flat_map(|(_, frames)| frames).collect();
        frames.sort_by_key(|(index, _)| *index);
        Ok(agree.then(|| frames.into_iter().map(|(_, frame)| frame).collect()))
    }

    /// Waits, bounded, until what was stamped by `as_of` is folded; from then on no stamp lies before it.
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

    /// Waits as [`Store::frames`] does before it reads, but without a thread.
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
            .ok_or(StoreError::Corrupt("the folder's name is no text"))?;
        self.shared.readers.unbounded(|connection| {
            let rows: i64 = sql::row(connection, &query!("serve/export_events"), [target], |row| row.get(0))?;
            Ok(rows.unsigned_abs())
        })
    }

    /// Reads one Parquet file of an export and hands its events on in blocks.
    ///
    /// # Errors
    /// When it is no such file, holds what no export holds, or `take` fails.
    pub fn read_export(
        &self,
        file: &Path,
        take: &mut dyn FnMut(Vec<Event>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let readers = &self.shared.readers;
        readers.unbounded(|connection| exported::read(connection, file, take))
    }
}
