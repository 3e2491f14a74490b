//! The past: what has changed since a moment is folded again as it was known then, beside the tables.

use chrono::{DateTime, Utc};
use duckdb::Connection;

use crate::model::Param;
use crate::query;
use crate::store::fold::aside::{Aside, Rules};
use crate::store::fold::target::Target;
use crate::store::fold::window::Window;
use crate::store::fold::{refolding, touching};
use crate::store::{StoreError, sql};

/// Puts views of the past in front of the tables of facts and projections, on this connection only.
pub fn enter(
    connection: &Connection,
    as_of: DateTime<Utc>,
    rules: &Rules,
    go_on: &dyn Fn() -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    connection.execute_batch(query!("jobs/session").sql)?;
    connection.execute_batch(query!("jobs/past_views").sql)?;
    sql::run(
        connection,
        &query!("jobs/past_moment"),
        &vec![("upto", Param::Time(as_of))],
    )?;
    let mut aside = Aside::new(connection, rules, go_on);
    touching::since(connection, as_of, &mut aside)?;
    let window = Window::empty(as_of);
    refolding::refold(connection, window, DateTime::UNIX_EPOCH, &Target::Past, &mut aside).map(drop)
}

/// Takes the views away again.
pub fn leave(connection: &Connection) -> Result<(), StoreError> {
    sql::execute(connection, &query!("jobs/past_drop"))
}
