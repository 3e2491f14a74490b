//! Queries on a connection: rows as frames, statements that change rows, rows that are added.

use arrow::array::{Int64Array, RecordBatch};
use chrono::{DateTime, Utc};
use duckdb::types::{TimeUnit, Value};
use duckdb::{Connection, Row, ToSql};
use polars::prelude::DataFrame;

use super::bridge;
use crate::model::{Param, Params, Query};
use crate::store::StoreError;

/// Runs one query and makes a frame of its rows.
pub fn frame(connection: &Connection, query: &Query, params: &Params, limit: usize) -> Result<DataFrame, StoreError> {
    let failed = failed(query);
    let values: Vec<Value> = params.iter().map(|(_, param)| value(param)).collect();
    let named: Vec<(&str, &dyn ToSql)> = params
        .iter()
        .zip(&values)
        .map(|((name, _), value)| (*name, value as &dyn ToSql))
        .collect();
    let started = std::time::Instant::now();
    // Planning costs as much as running a small query: a connection keeps its plans.
    let mut statement = connection.prepare_cached(query.sql).map_err(&failed)?;
    let stream = statement.stream_arrow(named.as_slice()).map_err(&failed)?;
    let schema = stream.get_schema();
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut rows = 0;
    for batch in stream {
        let batch = batch.map_err(&failed)?;
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

/// Runs a statement that changes rows.
pub fn run(connection: &Connection, query: &Query, params: &Params) -> Result<(), StoreError> {
    frame(connection, query, params, usize::MAX).map(drop)
}

/// Runs a statement and tells how many rows it has added.
pub fn changed(connection: &Connection, query: &Query, params: &Params) -> Result<i64, StoreError> {
    let count = frame(connection, query, params, 1)?;
    Ok(count.column("Count")?.i64()?.get(0).unwrap_or(0))
}

/// Runs statements that take no parameters.
pub fn execute(connection: &Connection, query: &Query) -> Result<(), StoreError> {
    connection.execute_batch(query.sql).map_err(failed(query))
}

/// Reads the only row of a query.
pub fn row<T>(
    connection: &Connection,
    query: &Query,
    params: impl duckdb::Params,
    read: impl FnOnce(&Row<'_>) -> duckdb::Result<T>,
) -> Result<T, StoreError> {
    connection.query_row(query.sql, params, read).map_err(failed(query))
}

/// Hands on the rows of a query whose columns are whole numbers, however many there are.
pub fn each<const N: usize>(
    connection: &Connection,
    query: &Query,
    mut take: impl FnMut([i64; N]),
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(query.sql).map_err(failed(query))?;
    for batch in statement.stream_arrow([]).map_err(failed(query))? {
        let batch = batch.map_err(failed(query))?;
        let ints = |column: usize| batch.column(column).as_any().downcast_ref::<Int64Array>();
        let columns: Option<Vec<_>> = (0..N).map(ints).collect();
        let columns = columns.ok_or(StoreError::Corrupt("a column is not of whole numbers"))?;
        (0..batch.num_rows()).for_each(|row| take(std::array::from_fn(|column| columns[column].value(row))));
    }
    Ok(())
}

/// What DuckDB said, with the name of the query.
fn failed(query: &Query) -> impl Fn(duckdb::Error) -> StoreError + use<> {
    let query = query.name;
    move |error| StoreError::Query { query, error }
}

/// Adds rows to a table.
pub fn append(connection: &Connection, table: &str, frame: &DataFrame) -> Result<(), StoreError> {
    let mut appender = connection.appender(table)?;
    appender.append_record_batch(bridge::to_batch(frame)?)?;
    Ok(appender.flush()?)
}

/// A stamp as the database counts it, in microseconds since 1970.
pub fn instant(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros).ok_or(StoreError::Corrupt("a stamp outside the calendar"))
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
