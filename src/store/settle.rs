//! What is settled before a database is used: that it is the one that was left here, whole, and not ahead of the clock.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use duckdb::Connection;

use super::folding::run;
use super::mark::{self, Found, Held};
use super::{StoreError, StoreOptions, schema, writer};
use crate::model::{Clock, Param};
use crate::query;

/// How far a stamp may lie ahead of the clock: clocks of machines differ by seconds.
pub(super) const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// What a start accepts that is refused otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accept {
    /// Stamps ahead of the clock: they are moved back to it.
    pub clock: bool,
    /// Commits that are gone.
    pub loss: bool,
}

/// What a data folder has lost.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    /// The database is gone.
    #[error(
        "the database {file} is missing, and {mark} says that it held {commits} commits, the last of {last}. {REMEDY}",
        file = schema::FILE, mark = mark::FILE
    )]
    Database {
        /// Number of the last commit.
        commits: i64,
        /// Its stamp.
        last: String,
    },
    /// The database is gone, and its log is there.
    #[error(
        "the database {file} is missing, and its log {file}.wal is there. {REMEDY}",
        file = schema::FILE
    )]
    LogAlone,
    /// Commits are gone.
    #[error(
        "{missing} of {commits} commits are missing: the database ends with the commit of {found}, and the last that \
         was acknowledged is of {last}. Its log {file}.wal was deleted or cut, or an older copy was put back. {REMEDY}",
        file = schema::FILE
    )]
    Commits {
        /// How many.
        missing: i64,
        /// Number of the last one.
        commits: i64,
        /// Stamp of the last one that is there.
        found: String,
        /// Stamp of the last one.
        last: String,
    },
    /// It is another database.
    #[error(
        "the database is not the one that {mark} tells of, but another, an older copy, or what a cut log has left of it. \
         {REMEDY}",
        mark = mark::FILE
    )]
    Another,
    /// The mark is damaged.
    #[error(
        "{mark} is damaged, so nobody can tell whether the database is whole. {REMEDY}",
        mark = mark::FILE
    )]
    Mark,
    /// The log is damaged.
    #[error(
        "the log {file}.wal is damaged or belongs to another database: {told}. {REMEDY} (The log is then set aside.)",
        file = schema::FILE
    )]
    Log {
        /// What DuckDB says.
        told: String,
    },
}

/// What to do about it.
const REMEDY: &str = "Put the file back, or the whole data folder from its backup. If there is none, start once with \
                      `botledger serve --accept-loss`: it goes on with what is left, and senders can send again what is \
                      lost; what is there stays once";

/// Looks for the database, before it is opened, and made if it is not there.
///
/// # Errors
/// [`StoreError::Loss`] where there was one.
pub(super) fn before(options: &StoreOptions) -> Result<(), StoreError> {
    let folder = &options.data_dir;
    if folder.join(schema::FILE).exists() {
        return Ok(());
    }
    let log = schema::log(folder).exists();
    let loss = match mark::read(folder)? {
        Found::Held(held) if held.commits > 0 => Loss::Database {
            commits: held.commits,
            last: held.last,
        },
        Found::Unreadable => Loss::Mark,
        Found::Held(_) | Found::Nothing if log => Loss::LogAlone,
        Found::Held(_) | Found::Nothing => return Ok(()),
    };
    if !options.accept.loss {
        return Err(loss.into());
    }
    tracing::warn!(%loss, "accepted");
    if log {
        set_aside(folder)?;
    }
    Ok(())
}

/// Opens the database; a damaged log is set aside where its loss is accepted.
///
/// # Errors
/// As `open`, [`Loss::Log`], and [`StoreError::Damaged`].
pub(super) fn connect(
    options: &StoreOptions,
    open: fn(&StoreOptions) -> Result<Connection, StoreError>,
) -> Result<Connection, StoreError> {
    let error = match open(options) {
        Err(StoreError::Database(error)) => error,
        opened => return opened,
    };
    let told = error.to_string();
    if !["Corrupt", "WAL", "not a valid DuckDB"]
        .iter()
        .any(|sign| told.contains(sign))
    {
        return Err(error.into());
    }
    if !told.contains("WAL") {
        return Err(StoreError::Damaged(told));
    }
    let loss = Loss::Log { told };
    if !options.accept.loss {
        return Err(loss.into());
    }
    tracing::warn!(%loss, "accepted");
    set_aside(&options.data_dir)?;
    open(options)
}

/// Brings an open database up to date, once it is seen to have what the mark tells of, and compares it with the clock.
///
/// # Errors
/// [`StoreError::Loss`] and [`StoreError::Ahead`], unless they are accepted; the log stays as it is then. And as
/// [`schema::migrate`].
pub(super) fn settle(connection: &Connection, options: &StoreOptions, clock: &Clock) -> Result<(), StoreError> {
    let settled = whole(connection, options)
        .and_then(|()| schema::migrate(connection))
        .and_then(|()| timely(connection, options, clock()));
    if settled.is_err() {
        connection.execute_batch(query!("ingest/keep_log").sql)?;
    }
    settled
}

fn whole(connection: &Connection, options: &StoreOptions) -> Result<(), StoreError> {
    match loss(connection, &options.data_dir)? {
        Some(loss) if !options.accept.loss => Err(loss.into()),
        Some(loss) => {
            tracing::warn!(%loss, "accepted");
            Ok(())
        }
        None => Ok(()),
    }
}

/// What is missing by the mark.
pub(super) fn loss(connection: &Connection, folder: &Path) -> Result<Option<Loss>, StoreError> {
    let known = match mark::read(folder)? {
        Found::Nothing => return Ok(None),
        Found::Unreadable => return Ok(Some(Loss::Mark)),
        Found::Held(known) => known,
    };
    // A database without a name is older than the mark.
    let Ok((held, given)) = Held::of(connection, known.commits) else {
        return Ok(Some(Loss::Another));
    };
    Ok(if held.database != known.database {
        Some(Loss::Another)
    } else if held.commits < known.commits {
        Some(Loss::Commits {
            missing: known.commits - held.commits,
            commits: known.commits,
            found: held.last,
            last: known.last,
        })
    } else if known.commits > 0 && given != Some(known.last_micros) {
        Some(Loss::Another)
    } else {
        None
    })
}

fn timely(connection: &Connection, options: &StoreOptions, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (held, _) = Held::of(connection, 0)?;
    let last = writer::instant(held.last_micros)?;
    if last - now <= AHEAD {
        return Ok(());
    }
    if !options.accept.clock {
        return Err(StoreError::Ahead {
            by: words(last - now),
            last,
            now,
        });
    }
    move_stamps(connection, now)?;
    tracing::warn!(%last, %now, "stamps ahead of the clock were moved back to it; facts are folded again");
    Ok(())
}

/// Moves the stamps that lie ahead of the clock back to it, in their order, and has all facts folded again.
fn move_stamps(connection: &Connection, now: DateTime<Utc>) -> Result<(), StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let params = vec![("now", Param::Int(now.timestamp_micros()))];
    run(&transaction, &query!("ingest/note_moved_stamps"), &params)?;
    for query in [query!("ingest/move_stamps"), query!("jobs/reset")] {
        transaction
            .execute_batch(query.sql)
            .map_err(|error| StoreError::Query {
                query: query.name,
                error,
            })?;
    }
    Ok(transaction.commit()?)
}

/// A length of time in words, in its two largest units.
fn words(time: TimeDelta) -> String {
    let (days, hours, minutes) = (time.num_days(), time.num_hours() % 24, time.num_minutes() % 60);
    match days {
        0 if hours == 0 => format!("{minutes} min"),
        0 => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Gives the log another name, under which nothing reads it.
fn set_aside(folder: &Path) -> Result<(), StoreError> {
    let log = schema::log(folder);
    let free = (1..).map(|number| folder.join(format!("{}.wal.lost-{number}", schema::FILE)));
    let Some(to) = free.into_iter().find(|path| !path.exists()) else {
        return Ok(());
    };
    Ok(std::fs::rename(log, to)?)
}
