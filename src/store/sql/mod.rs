//! The database: its file and schema, queries on a connection, the way between DuckDB and Polars.

mod bridge;
pub(super) mod connect;
mod query;
mod rows;
pub(super) mod schema;

pub(super) use query::{append, changed, each, execute, frame, instant, row, run};
pub(super) use rows::Rows;
