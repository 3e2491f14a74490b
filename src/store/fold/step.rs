//! A step of the fold, in one transaction: events become facts.
//!
//! A step copies a window of events into the projections, notes which entities these touch, folds those again from all
//! of their projected events, replaces their facts, and marks the window as folded. The same steps, without the
//! writing, answer a question about the past.

use chrono::{DateTime, Utc};
use duckdb::Connection;

use super::aside::{self, Aside, Rules};
use super::quarantine::{self, SetAside};
use super::target::Target;
use super::window::{FoldReport, Window, folded_to};
use super::{refolding, touching};
use crate::model::{Param, Params, Query};
use crate::query;
use crate::store::{StoreError, sql};

/// Rows of the rollup, beyond two a cell, before it is worth adding them up.
const SPARE: u64 = 10_000;

/// What fills the projections from a window of events, in this order.
const PROJECTIONS: [Query; 6] = [
    query!("jobs/project_payments"),
    query!("jobs/project_aliases"),
    query!("jobs/project_moved"),
    query!("jobs/project_bots"),
    query!("jobs/project_activity"),
    query!("jobs/count_late"),
];

/// Folds the next window of at most about `most` events, and tells what is set aside then; `None` when nothing is
/// waiting. `go_on` is asked before what takes long.
pub fn fold(
    connection: &Connection,
    most: usize,
    rules: &Rules,
    go_on: &dyn Fn() -> Result<(), StoreError>,
) -> Result<Option<(FoldReport, Vec<SetAside>)>, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let window = match Window::next(&transaction, most)? {
        Some(window) => window,
        None if aside::is_waiting(&transaction)? => Window::empty(folded_to(&transaction)?),
        None => return Ok(None),
    };
    transaction.execute_batch(query!("jobs/session").sql)?;
    for query in PROJECTIONS {
        sql::run(&transaction, &query, &window.params())?;
    }
    let fresh = since(&transaction, query!("jobs/fresh_since"), &window.params())?;
    let mut about_conversations = window.params();
    about_conversations.push(("since", Param::Time(fresh)));
    sql::run(
        &transaction,
        &query!("jobs/project_conversations"),
        &about_conversations,
    )?;
    let mut aside = Aside::new(&transaction, rules, go_on);
    touching::by_window(&transaction, &window.params(), &mut aside)?;
    let after = vec![("after", Param::Time(window.after))];
    let since = since(&transaction, query!("jobs/touched_since"), &after)?;
    let report = refolding::refold(&transaction, window, since, &Target::Tables, &mut aside)?;
    aside.keep(window.upto)?;
    let upto = vec![("upto", Param::Time(window.upto))];
    sql::run(&transaction, &query!("jobs/mark_folded"), &upto)?;
    let quarantine = quarantine::load(&transaction)?;
    transaction.commit()?;
    Ok(Some((report, quarantine)))
}

/// Adds up the rows of the rollup where there are too many; true if there was need to.
pub fn compact(connection: &Connection) -> Result<bool, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let size = sql::frame(&transaction, &query!("jobs/rollup_size"), &Params::new(), 1)?;
    let size = sql::Rows(&size);
    if size.count("rows", 0)? <= 2 * size.count("cells", 0)? + SPARE {
        return Ok(false);
    }
    transaction.execute_batch(query!("jobs/session").sql)?;
    transaction.execute_batch(query!("jobs/rollup_compact").sql)?;
    transaction.commit()?;
    Ok(true)
}

/// Throws away projections and facts, and tells what is set aside then.
pub fn reset(connection: &Connection) -> Result<Vec<SetAside>, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(query!("jobs/reset").sql)?;
    let quarantine = quarantine::load(&transaction)?;
    transaction.commit()?;
    Ok(quarantine)
}

/// A stamp before which nothing about the conversations of `query` came in.
fn since(connection: &Connection, query: Query, params: &Params) -> Result<DateTime<Utc>, StoreError> {
    let frame = sql::frame(connection, &query, params, 1)?;
    Ok(sql::Rows(&frame).time("since", 0)?.unwrap_or_default())
}
