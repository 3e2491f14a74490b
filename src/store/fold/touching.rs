//! Touching: which entities have to be folded again, under all the names that they go by.

use chrono::{DateTime, Utc};
use duckdb::Connection;

use super::aside::{Aside, BOTS};
use super::quarantine::EntityKind;
use super::target::Target;
use crate::facts;
use crate::model::{Param, Params, Query};
use crate::query;
use crate::store::sql::{changed, execute, run};
use crate::store::{StoreError, sql};

/// How names are followed to the entity that they belong to.
struct Names {
    /// Adds names that belong together with those touched.
    spread: Query,
    /// What each of them is stated to be another name of.
    stated: Query,
    /// Notes where they lead.
    root: Query,
}

const PAYMENTS: Names = Names {
    spread: query!("jobs/spread_payments"),
    stated: query!("jobs/stated_payments"),
    root: query!("jobs/root_payments"),
};

const CONVERSATIONS: Names = Names {
    spread: query!("jobs/spread_names"),
    stated: query!("jobs/stated_names"),
    root: query!("jobs/root_names"),
};

/// Which entities payments and events of a window touch.
const TOUCHED: [Query; 3] = [
    query!("jobs/touch_conversations"),
    query!("jobs/touch_bots"),
    query!("jobs/touch_days"),
];

/// Entities, besides payments, that changed since the asked moment.
const CHANGED: [Query; 3] = [
    query!("jobs/past_conversations"),
    query!("jobs/past_bots"),
    query!("jobs/past_days"),
];

/// Notes what a window touches: payments, and then what these and the window's events touch.
///
/// What is set aside is left alone, and so is what has become too large by now.
pub fn by_window(connection: &Connection, window: &Params, aside: &mut Aside<'_>) -> Result<(), StoreError> {
    if changed(connection, &query!("jobs/touch_names"), window)? > 0 {
        follow(connection, &CONVERSATIONS)?;
        execute(connection, &query!("jobs/replace_names"))?;
    }
    run(connection, &query!("jobs/touch_payments"), window)?;
    follow(connection, &PAYMENTS)?;
    Target::Tables.replace_roots(connection)?;
    run(connection, &query!("jobs/left_out"), &Params::new())?;
    run(connection, &query!("jobs/skip_payments"), &Params::new())?;
    let bots = vec![("bots", Param::Int(BOTS))];
    aside.bound(EntityKind::Payment, &query!("jobs/bound_payments"), bots)?;
    run(connection, &query!("jobs/reach_payments"), &Params::new())?;
    TOUCHED.iter().try_for_each(|query| run(connection, query, window))?;
    execute(connection, &query!("jobs/touch_retried"))?;
    run(connection, &query!("jobs/touch_moved"), &Params::new())?;
    execute(connection, &query!("jobs/skip_others"))
}

/// Notes what has changed since a moment, as it was then.
pub fn since(connection: &Connection, as_of: DateTime<Utc>, aside: &mut Aside<'_>) -> Result<(), StoreError> {
    let upto: Params = vec![("upto", Param::Time(as_of))];
    if changed(connection, &query!("jobs/past_names"), &upto)? > 0 {
        follow(connection, &CONVERSATIONS)?;
        run(connection, &query!("jobs/past_replace_names"), &Params::new())?;
    }
    run(connection, &query!("jobs/past_payments"), &upto)?;
    follow(connection, &PAYMENTS)?;
    Target::Past.replace_roots(connection)?;
    run(connection, &query!("jobs/past_left_out"), &upto)?;
    let bots = vec![("bots", Param::Int(BOTS))];
    aside.bound(EntityKind::Payment, &query!("jobs/bound_payments"), bots)?;
    execute(connection, &query!("jobs/past_reach_payments"))?;
    CHANGED.iter().try_for_each(|query| run(connection, query, &upto))?;
    let nothing: Params = vec![("after", Param::Time(as_of)), ("upto", Param::Time(as_of))];
    TOUCHED.iter().try_for_each(|query| run(connection, query, &nothing))?;
    run(connection, &query!("jobs/touch_moved"), &Params::new())
}

/// Finds where the touched names lead, and touches what belongs to the same.
fn follow(connection: &Connection, names: &Names) -> Result<(), StoreError> {
    // Twice for any number of names: what a name led to so far says all that belongs to it.
    while changed(connection, &names.spread, &Params::new())? > 0 {}
    let stated = sql::frame(connection, &names.stated, &Params::new(), usize::MAX)?;
    if stated.height() > 0 {
        sql::append(connection, "found_roots", &facts::names::roots(&stated)?)?;
        execute(connection, &names.root)?;
    }
    Ok(())
}
