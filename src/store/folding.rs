//! Folding: events become facts, in one transaction on a connection of its own.
//!
//! The fold writes logs and facts, the writer writes events and identities: two connections
//! with disjoint tables, so that neither waits for the other. What one fold does:
//! copy a window of events into the logs, note which entities they touch, fold those entities
//! again from all their logged events, replace their facts, and mark the window as folded.
//! The same steps, without the writing, answer a question about the past.

use chrono::{DateTime, Utc};
use duckdb::Connection;
use polars::prelude::DataFrame;

use super::aside::{self, Aside};
use super::quarantine::{self, EntityKind};
use super::{Store, StoreError, as_of, lock, read, touching, writer};
use crate::facts;
use crate::model::{Param, Params, Query};
use crate::query;

/// A window of commits: everything received after `after`, up to and including `upto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Stamp of the last commit before the window.
    pub after: DateTime<Utc>,
    /// Stamp of its last commit.
    pub upto: DateTime<Utc>,
}

impl Window {
    fn params(&self) -> Params {
        vec![("after", Param::Time(self.after)), ("upto", Param::Time(self.upto))]
    }
}

/// Rows of the cube that may lie scattered before it is worth putting them together.
const SCATTERED: i64 = 10_000;

/// What one fold did.
#[derive(Debug, Clone, Copy)]
pub struct FoldReport {
    /// The window.
    pub window: Window,
    /// Payments folded again.
    pub payments: usize,
    /// Conversations folded again, per mode.
    pub conversations: usize,
    /// Bots folded again.
    pub bots: usize,
    /// Days of bots folded again.
    pub days: usize,
}

/// Logs that are filled from a window of events, in this order.
const LOGS: [Query; 6] = [
    query!("jobs/log_payments"),
    query!("jobs/log_aliases"),
    query!("jobs/log_moved"),
    query!("jobs/log_bots"),
    query!("jobs/log_activity"),
    query!("jobs/log_late"),
];

impl Store {
    /// Folds the next window of at most about `most` events; `None` when nothing is waiting.
    ///
    /// # Errors
    /// When a query or a computation fails; nothing of the window is kept then.
    pub fn fold(&self, most: usize) -> Result<Option<FoldReport>, StoreError> {
        let connection = lock(&self.shared.folding);
        let transaction = connection.unchecked_transaction()?;
        let folded = as_of::folded_to(&transaction)?;
        let window = match next_window(&transaction, most)? {
            Some(window) => window,
            None if aside::is_waiting(&transaction)? => Window {
                after: folded,
                upto: folded,
            },
            None => return Ok(None),
        };
        transaction.execute_batch(query!("jobs/session").sql)?;
        for query in LOGS {
            run(&transaction, &query, &window.params())?;
        }
        let mut about_conversations = window.params();
        about_conversations.push((
            "since",
            Param::Time(since(&transaction, query!("jobs/fresh_since"), &window.params())?),
        ));
        run(&transaction, &query!("jobs/log_conversations"), &about_conversations)?;
        let mut aside = Aside::new(&transaction, &self.shared.rules);
        touching::by_window(&transaction, &window.params(), &mut aside)?;
        let after = vec![("after", Param::Time(window.after))];
        let since = since(&transaction, query!("jobs/touched_since"), &after)?;
        let report = refold(&transaction, window, since, &Target::Tables, &mut aside)?;
        aside.keep(window.upto)?;
        run(
            &transaction,
            &query!("jobs/mark_folded"),
            &vec![("upto", Param::Time(window.upto))],
        )?;
        let quarantine = quarantine::load(&transaction)?;
        transaction.commit()?;
        *lock(&self.shared.quarantine) = quarantine;
        self.shared.folded.send_replace(window.upto);
        self.shared.writer.nudge();
        Ok(Some(report))
    }

    /// Puts the rows of the cube together where they have scattered; true if there was need to.
    ///
    /// # Errors
    /// When the database fails; everything stays as it was then.
    pub fn compact_cells(&self) -> Result<bool, StoreError> {
        let connection = lock(&self.shared.folding);
        let transaction = connection.unchecked_transaction()?;
        let scattered = read::frame(&transaction, &query!("jobs/cells_scattered"), &Params::new(), 1)?;
        let count = |name: &str| -> Result<i64, StoreError> { Ok(scattered.column(name)?.i64()?.get(0).unwrap_or(0)) };
        if count("rows")? <= 2 * count("cells")? + SCATTERED {
            return Ok(false);
        }
        transaction.execute_batch(query!("jobs/session").sql)?;
        transaction.execute_batch(query!("jobs/cells_compact").sql)?;
        transaction.commit()?;
        Ok(true)
    }

    /// Throws away logs and facts; the next folds make them again from the events.
    ///
    /// # Errors
    /// When the database fails; everything stays as it was then.
    pub fn reset_facts(&self) -> Result<(), StoreError> {
        let connection = lock(&self.shared.folding);
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(query!("jobs/reset").sql)?;
        let quarantine = quarantine::load(&transaction)?;
        transaction.commit()?;
        *lock(&self.shared.quarantine) = quarantine;
        self.shared.folded.send_replace(DateTime::UNIX_EPOCH);
        Ok(())
    }
}

/// Where refolded facts go: in place of the old ones, or beside them for a question about the past.
pub(super) enum Target {
    /// The tables, after their old rows were dropped.
    Tables,
    /// The temporary tables behind the views of `jobs/past_views`.
    Past,
}

impl Target {
    /// Takes the touched conversations out of the cube or puts them back; of the past the cube is a view.
    fn count_cells(&self, connection: &Connection, query: Query) -> Result<(), StoreError> {
        match self {
            Target::Tables => run(connection, &query, &Params::new()),
            Target::Past => Ok(()),
        }
    }

    /// Notes which payment each touched name belongs to.
    pub(super) fn replace_roots(&self, connection: &Connection) -> Result<(), StoreError> {
        let query = match self {
            Target::Tables => query!("jobs/replace_roots"),
            Target::Past => query!("jobs/past_roots"),
        };
        execute(connection, &query)
    }

    fn replace(&self, connection: &Connection, drop_rows: &Query, rows: &[Rows]) -> Result<(), StoreError> {
        if matches!(self, Target::Tables) {
            execute(connection, drop_rows)?;
        }
        rows.iter().try_for_each(|Rows { table, past, frame }| {
            aside::append(
                connection,
                if matches!(self, Target::Tables) { table } else { past },
                frame,
            )
        })
    }
}

struct Rows<'a> {
    table: &'static str,
    past: &'static str,
    frame: &'a DataFrame,
}

/// Folds the touched entities again, payments first, then what depends on them.
///
/// `since` is a stamp before which nothing came in about the touched conversations. What has too many rows is set aside
/// before they are read, and so is what cannot be folded.
pub(super) fn refold(
    connection: &Connection,
    window: Window,
    since: DateTime<Utc>,
    target: &Target,
    aside: &mut Aside<'_>,
) -> Result<FoldReport, StoreError> {
    let payments = refold_payments(connection, target, aside)?;
    let conversations = refold_conversations(connection, since, target, aside)?;
    let bots = refold_bots(connection, target, aside)?;
    let days = facts::days::fold(&whole(connection, query!("jobs/day_activity"))?)?;
    target.replace(
        connection,
        &query!("jobs/drop_days"),
        &[rows("bot_days", "past_days", &days)],
    )?;
    Ok(FoldReport {
        window,
        payments,
        conversations,
        bots,
        days: days.height(),
    })
}

fn rows<'a>(table: &'static str, past: &'static str, frame: &'a DataFrame) -> Rows<'a> {
    Rows { table, past, frame }
}

fn whole(connection: &Connection, query: Query) -> Result<DataFrame, StoreError> {
    read::frame(connection, &query, &Params::new(), usize::MAX)
}

fn refold_payments(connection: &Connection, target: &Target, aside: &mut Aside<'_>) -> Result<usize, StoreError> {
    let rules = aside.rules();
    let events = whole(connection, query!("jobs/payment_events"))?;
    let paid = aside.fold(EntityKind::Payment, "payment_key", &events, |events| {
        let paid = facts::payments::fold(events)?;
        rules.whole("payments", &paid.payments)?;
        rules.whole("payment_attempts", &paid.attempts)?;
        rules.whole("payment_movements", &paid.movements)?;
        Ok(paid)
    })?;
    target.replace(
        connection,
        &query!("jobs/drop_payments"),
        &[
            rows("payments", "past_payments", &paid.payments),
            rows("payment_attempts", "past_attempts", &paid.attempts),
            rows("payment_movements", "past_movements", &paid.movements),
        ],
    )?;
    Ok(paid.payments.height())
}

fn refold_conversations(
    connection: &Connection,
    since: DateTime<Utc>,
    target: &Target,
    aside: &mut Aside<'_>,
) -> Result<usize, StoreError> {
    let rules = aside.rules();
    let from_then = || vec![("since", Param::Time(since))];
    let read_since = |query: Query| read::frame(connection, &query, &from_then(), usize::MAX);
    aside.bound(
        EntityKind::Conversation,
        &query!("jobs/bound_conversations"),
        from_then(),
    )?;
    aside.bound(EntityKind::Checkout, &query!("jobs/bound_checkouts"), from_then())?;
    let events = read_since(query!("jobs/conversation_events"))?;
    let (of_conversations, of_checkouts) = (
        whole(connection, query!("jobs/conversation_payments"))?,
        read_since(query!("jobs/checkout_payments"))?,
    );
    let (conversations, checkouts) = aside.fold(EntityKind::Conversation, "conversation_key", &events, |events| {
        let conversations = facts::conversations::fold(events, &of_conversations)?;
        let checkouts = facts::checkouts::fold(events, &of_checkouts)?;
        rules.whole("conversations", &conversations)?;
        rules.whole("checkouts", &checkouts)?;
        Ok((conversations, checkouts))
    })?;
    target.count_cells(connection, query!("jobs/cells_subtract"))?;
    target.replace(
        connection,
        &query!("jobs/drop_conversations"),
        &[
            rows("conversations", "past_conversations", &conversations),
            rows("checkouts", "past_checkouts", &checkouts),
        ],
    )?;
    target.count_cells(connection, query!("jobs/cells_add"))?;
    if matches!(target, Target::Tables) {
        execute(connection, &query!("jobs/drop_left_out"))?;
    }
    Ok(conversations.height())
}

fn refold_bots(connection: &Connection, target: &Target, aside: &mut Aside<'_>) -> Result<usize, StoreError> {
    let rules = aside.rules();
    aside.bound(EntityKind::Bot, &query!("jobs/bound_bots"), Params::new())?;
    let (events, captures) = (
        whole(connection, query!("jobs/bot_events"))?,
        whole(connection, query!("jobs/bot_captures"))?,
    );
    let bots = aside.fold(EntityKind::Bot, "bot_key", &events, |events| {
        let bots = facts::bots::fold(events, &captures)?;
        rules.whole("bots", &bots.bots)?;
        rules.whole("bot_spans", &bots.spans)?;
        Ok(bots)
    })?;
    target.replace(
        connection,
        &query!("jobs/drop_bots"),
        &[
            rows("bots", "past_bots", &bots.bots),
            rows("bot_spans", "past_spans", &bots.spans),
        ],
    )?;
    Ok(bots.bots.height())
}

/// Runs a statement that changes rows.
pub(super) fn run(connection: &Connection, query: &Query, params: &Params) -> Result<(), StoreError> {
    read::frame(connection, query, params, usize::MAX).map(drop)
}

/// Runs statements that take no parameters.
pub(super) fn execute(connection: &Connection, query: &Query) -> Result<(), StoreError> {
    connection.execute_batch(query.sql).map_err(|error| StoreError::Query {
        query: query.name,
        error,
    })
}

/// A stamp before which nothing about the conversations of `query` came in.
fn since(connection: &Connection, query: Query, params: &Params) -> Result<DateTime<Utc>, StoreError> {
    let frame = read::frame(connection, &query, params, 1)?;
    writer::instant(frame.column("since")?.i64()?.get(0).unwrap_or_default())
}

fn next_window(connection: &Connection, most: usize) -> Result<Option<Window>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let frame = read::frame(
        connection,
        &query!("jobs/next_window"),
        &vec![("most", Param::Int(most))],
        1,
    )?;
    let micros = |name: &str| -> Result<Option<i64>, StoreError> { Ok(frame.column(name)?.i64()?.get(0)) };
    match (micros("after")?, micros("upto")?) {
        (Some(after), Some(upto)) => Ok(Some(Window {
            after: writer::instant(after)?,
            upto: writer::instant(upto)?,
        })),
        _ => Ok(None),
    }
}
