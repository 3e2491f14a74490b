//! The database: its file and schema, queries on a connection, the way between DuckDB and Polars.

mod bridge;
mod query;
pub(super) mod schema;

pub(super) use query::{append, changed, execute, frame, instant, ints, run};
