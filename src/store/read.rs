//! Reading: frames of one snapshot, on connections that never write.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::{Int64Array, RecordBatch};
use duckdb::types::{TimeUnit, Value};
use duckdb::{Connection, ToSql};
use polars::prelude::DataFrame;

use super::deadline::{Deadline, Watch};
use super::{StoreError, StoreOptions, bridge, lock};
use crate::model::{Param, Params, Query};

/// Idle connections that are kept for the next question.
const KEPT: usize = 8;

/// Plans that a connection keeps.
const PLANS: usize = 64;

/// A pool of reading connections to one database.
pub(super) struct Readers {
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

    /// When a question ends that sets no deadline of its own.
    pub fn deadline(&self) -> Arc<Deadline> {
        Arc::new(Deadline::after(self.time))
    }

    /// Runs `work` in one read transaction, without a bound: for commands, which take the time they need.
    pub fn unbounded<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.lend(work)
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
        let done = self.lend(|connection| {
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

    fn lend<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
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

/// Runs one query and makes a frame of its rows.
pub(super) fn frame(
    connection: &Connection,
    query: &Query,
    params: &Params,
    limit: usize,
) -> Result<DataFrame, StoreError> {
    let failed = |error| StoreError::Query {
        query: query.name,
        error,
    };
    let values: Vec<Value> = params.iter().map(|(_, param)| value(param)).collect();
    let named: Vec<(&str, &dyn ToSql)> = params
        .iter()
        .zip(&values)
        .map(|((name, _), value)| (*name, value as &dyn ToSql))
        .collect();
    let started = std::time::Instant::now();
    // Planning costs as much as running a small query: a connection keeps its plans.
    let mut statement = connection.prepare_cached(query.sql).map_err(failed)?;
    let stream = statement.stream_arrow(named.as_slice()).map_err(failed)?;
    let schema = stream.get_schema();
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut rows = 0;
    for batch in stream {
        let batch = batch.map_err(failed)?;
        rows += batch.num_rows();
        if rows > limit {
            break;
        }
        batches.push(batch);
    }
    if rows > limit {
        // A kept statement would keep the rest of its rows, and no other could run.
        statement.discard();
        return Err(StoreError::TooManyRows(limit));
    }
    let frame = bridge::to_frame(&schema, &batches)?;
    tracing::debug!(
        query = query.name,
        rows,
        ms = started.elapsed().as_secs_f64() * 1e3,
        "query"
    );
    Ok(frame)
}

fn value(param: &Param) -> Value {
    match param {
        Param::Null => Value::Null,
        Param::Int(n) => Value::BigInt(*n),
        Param::Text(text) => Value::Text(text.clone()),
        Param::Bool(flag) => Value::Boolean(*flag),
        Param::Time(at) => Value::Timestamp(TimeUnit::Microsecond, at.timestamp_micros()),
        Param::Texts(texts) => Value::List(texts.iter().map(|text| Value::Text(text.clone())).collect()),
        Param::Ints(ints) => Value::List(ints.iter().map(|n| Value::BigInt(*n)).collect()),
    }
}

/// A column of whole numbers.
pub(super) fn ints(batch: &RecordBatch, column: usize) -> Result<&Int64Array, StoreError> {
    batch
        .column(column)
        .as_any()
        .downcast_ref::<Int64Array>()
        .ok_or(StoreError::Corrupt("a column is not of whole numbers"))
}
