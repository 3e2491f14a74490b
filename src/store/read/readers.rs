//! Reading: a pool of connections that never write, each question in one snapshot.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use duckdb::Connection;

use super::deadline::{Deadline, Watch};
use crate::store::{StoreError, StoreOptions, lock};

/// Idle connections that are kept for the next question.
const KEPT: usize = 8;

/// Plans that a connection keeps.
const PLANS: usize = 64;

/// A pool of reading connections to one database.
pub struct Readers {
    origin: Mutex<Connection>,
    idle: Mutex<Vec<Connection>>,
    rows: usize,
    time: Duration,
}

impl Readers {
    pub fn new(origin: Connection, options: &StoreOptions) -> Self {
        Readers {
            origin: Mutex::new(origin),
            idle: Mutex::new(Vec::new()),
            rows: options.frame_rows,
            time: Duration::from_secs(options.query_seconds),
        }
    }

    /// When a question ends that does not set its own deadline.
    pub fn deadline(&self) -> Arc<Deadline> {
        Arc::new(Deadline::after(self.time))
    }

    /// Runs `work` in one read transaction, interrupted when the deadline has passed.
    pub fn within<T>(
        &self,
        watch: &Watch,
        deadline: &Arc<Deadline>,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if deadline.has_passed() {
            return Err(StoreError::Timeout);
        }
        let done = self.unbounded(|connection| {
            let _watched = watch.over(deadline.clone(), connection.interrupt_handle());
            work(connection)
        });
        done.map_err(|error| {
            if deadline.has_passed() {
                StoreError::Timeout
            } else {
                error
            }
        })
    }

    /// Runs `work` in one read transaction, without a bound: for commands, which take the time they need.
    pub fn unbounded<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                let connection = lock(&self.origin).try_clone()?;
                connection.set_prepared_statement_cache_capacity(PLANS);
                connection
            }
        };
        let transaction = connection.unchecked_transaction()?;
        let result = work(&transaction);
        // A snapshot that was only read has nothing to keep; a failed one is thrown away with its connection.
        drop(transaction);
        if result.is_ok() {
            let mut idle = lock(&self.idle);
            if idle.len() < KEPT {
                idle.push(connection);
            }
        }
        result
    }

    /// Rows that one frame may have.
    pub fn row_limit(&self) -> usize {
        self.rows
    }
}
