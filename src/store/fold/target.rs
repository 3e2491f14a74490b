//! Where folded facts go: into the tables, or beside them for a question about the past.

use duckdb::Connection;
use polars::prelude::DataFrame;

use crate::model::{Params, Query};
use crate::query;
use crate::store::{StoreError, sql};

/// Where refolded facts go: in place of the old ones, or beside them for a question about the past.
pub enum Target {
    /// The tables, after their old rows were dropped.
    Tables,
    /// The temporary tables behind the views of `jobs/past_views`.
    Past,
}

impl Target {
    /// Takes the touched conversations out of the rollup or puts them back; of the past the rollup is a view.
    pub fn count_rollup(&self, connection: &Connection, query: Query) -> Result<(), StoreError> {
        match self {
            Target::Tables => sql::run(connection, &query, &Params::new()),
            Target::Past => Ok(()),
        }
    }

    /// Notes which payment each touched name belongs to.
    pub fn replace_roots(&self, connection: &Connection) -> Result<(), StoreError> {
        let query = match self {
            Target::Tables => query!("jobs/replace_roots"),
            Target::Past => query!("jobs/past_roots"),
        };
        sql::execute(connection, &query)
    }

    /// Puts rows in place of those that `drop_rows` drops.
    pub fn replace(&self, connection: &Connection, drop_rows: &Query, rows: &[Rows<'_>]) -> Result<(), StoreError> {
        if matches!(self, Target::Tables) {
            sql::execute(connection, drop_rows)?;
        }
        rows.iter().try_for_each(|(table, past, frame)| {
            let to = if matches!(self, Target::Tables) { table } else { past };
            sql::append(connection, to, frame)
        })
    }
}

/// Rows of facts: their table, the temporary table of a question about the past, and the rows.
pub type Rows<'a> = (&'static str, &'static str, &'a DataFrame);
