//! A query is data: a name, the text of its file and the parameters it names.

use chrono::{DateTime, Utc};

/// One file under `queries/`.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// The file's path under `queries/`, without `.sql`.
    pub name: &'static str,
    /// The file's text.
    pub sql: &'static str,
}

/// Declares a [`Query`] from its file under `queries/`.
#[macro_export]
macro_rules! query {
    ($name:literal) => {
        $crate::model::query::Query {
            name: $name,
            sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/queries/", $name, ".sql")),
        }
    };
}

/// A value bound to a named parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// SQL null.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `VARCHAR`.
    Text(String),
    /// `BOOLEAN`.
    Bool(bool),
    /// `TIMESTAMP` in UTC.
    Time(DateTime<Utc>),
    /// `VARCHAR[]`.
    Texts(Vec<String>),
    /// `BIGINT[]`.
    Ints(Vec<i64>),
}

/// Parameters by name, without the `$`.
pub type Params = Vec<(&'static str, Param)>;
