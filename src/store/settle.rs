//! What is settled before a database is used: that it is the one that was left here, whole, and not ahead of the clock.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use duckdb::Connection;

use super::folding::run;
use super::mark::{self, Found, Held};
use super::{StoreError, StoreOptions, folder, schema, writer};
use crate::model::{Clock, Param, Query};
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
    /// The database and the mark are gone, and the key is there.
    #[error(
        "the database {file} and {mark} are missing, and {key}, which is made with the first ledger of a folder, is \
         there. {REMEDY}. If you have put the key there for a new ledger, start once with that option too",
        file = schema::FILE, mark = mark::FILE, key = folder::KEY
    )]
    KeyAlone,
    /// Commits are gone.
    #[error(
        "{missing} of {commits} commits are missing: the database {found}, and the last that was acknowledged is \
         of {last}. Its log {file}.wal was deleted or cut, or an older copy was put back. {REMEDY}",
        file = schema::FILE
    )]
    Commits {
        /// How many.
        missing: i64,
        /// Number of the last one.
        commits: i64,
        /// With which commit the database ends.
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

/// What the machine lacks when DuckDB cannot read a log that is whole.
const WANTS: [&str; 6] = [
    "Out of Memory",
    "No space left",
    "Too many open files",
    "Cannot allocate memory",
    "Permission denied",
    "Read-only file system",
];

/// What to do about it.
const REMEDY: &str = "Put the file back, or the whole data folder from its backup. If there is none, start once with \
                      `botledger serve --accept-loss`: it goes on with what is left, and senders can send again what is \
                      lost; what is there stays once";

/// Looks for the database, before it is opened, and made if it is not there.
///
/// # Errors
/// [`StoreError::Loss`] where there was one.
pub(super) fn before(options: &StoreOptions) -> Result<(), StoreError> {
    let data = &options.data_dir;
    if data.join(schema::FILE).exists() {
        return Ok(());
    }
    let log = schema::logs(data).iter().any(|log| log.exists());
    let loss = match mark::read(data)? {
        Found::Held(held) if held.commits > 0 => Loss::Database {
            commits: held.commits,
            last: held.last,
        },
        Found::Unreadable => Loss::Mark,
        Found::Held(_) | Found::Nothing if log => Loss::LogAlone,
        Found::Nothing if data.join(folder::KEY).exists() => Loss::KeyAlone,
        Found::Held(_) | Found::Nothing => return Ok(()),
    };
    if !options.accept.loss {
        return Err(loss.into());
    }
    tracing::warn!(%loss, "accepted");
    if log {
        set_aside(data)?;
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
    let loss = match damaged(&told, &options.data_dir) {
        None => return Err(error.into()),
        Some(Damage::Database) => return Err(StoreError::Damaged(told)),
        Some(Damage::Log) => Loss::Log { told },
    };
    if !options.accept.loss {
        return Err(loss.into());
    }
    tracing::warn!(%loss, "accepted");
    set_aside(&options.data_dir)?;
    open(options)
}

/// Which file is damaged.
#[derive(Debug, PartialEq, Eq)]
enum Damage {
    Database,
    Log,
}

/// What the words of DuckDB mean when it does not open a database: want of memory, room or open files is no damage.
fn damaged(told: &str, folder: &Path) -> Option<Damage> {
    let told = told.replace(&*folder.to_string_lossy(), "");
    let says = |words: &[&str]| words.iter().any(|word| told.contains(word));
    if says(&WANTS) {
        None
    } else if says(&["WAL"]) {
        Some(Damage::Log)
    } else {
        says(&["Corrupt", "not a valid DuckDB"]).then_some(Damage::Database)
    }
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
        // Nothing was acknowledged yet.
        Found::Held(known) if known.commits == 0 => return Ok(None),
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
            found: match held.commits {
                0 => "holds none".to_owned(),
                _ => format!("ends with the commit of {}", held.last),
            },
            last: known.last,
        })
    } else if given != Some(known.last_micros) && !was_moved(connection, known.last_micros)? {
        Some(Loss::Another)
    } else {
        None
    })
}

/// Whether a stamp was moved: the mark knows an earlier one where the start that moved them broke off.
fn was_moved(connection: &Connection, stamp: i64) -> Result<bool, StoreError> {
    let query = query!("ingest/was_moved");
    let found = connection.query_row(query.sql, [stamp], |row| row.get(0));
    found.map_err(|error| StoreError::Query {
        query: query.name,
        error,
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
    let batch = |query: Query| {
        let done = transaction.execute_batch(query.sql);
        done.map_err(|error| StoreError::Query {
            query: query.name,
            error,
        })
    };
    let params = vec![("now", Param::Int(now.timestamp_micros()))];
    batch(query!("ingest/moving_stamps"))?;
    run(&transaction, &query!("ingest/note_moving_stamps"), &params)?;
    batch(query!("ingest/move_stamps"))?;
    batch(query!("jobs/reset"))?;
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

/// Gives the logs other names, under which nothing reads them.
fn set_aside(folder: &Path) -> Result<(), StoreError> {
    for log in schema::logs(folder).into_iter().filter(|log| log.exists()) {
        let named = |number: u32| {
            let mut path = log.clone().into_os_string();
            path.push(format!(".lost-{number}"));
            PathBuf::from(path)
        };
        if let Some(free) = (1..).map(named).find(|path| !path.exists()) {
            std::fs::rename(log, free)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Damage, damaged};

    #[test]
    fn want_of_memory_or_room_is_no_damage_and_neither_is_the_name_of_a_folder() {
        let folder = Path::new("/data/Corrupt WAL");
        let told = |text: &str| damaged(text, folder);
        let replay = "Failure while replaying WAL file \"/data/Corrupt WAL/botledger.duckdb.wal\": ";
        assert_eq!(told(&format!("{replay}Out of Memory Error: failed to pin block")), None);
        assert_eq!(told(&format!("{replay}IO Error: No space left on device")), None);
        assert_eq!(
            told(&format!("{replay}Corrupt WAL file: found an empty entry")),
            Some(Damage::Log)
        );
        assert_eq!(told("IO Error: WAL does not match database file."), Some(Damage::Log));
        assert_eq!(
            told("IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2"),
            Some(Damage::Database)
        );
        assert_eq!(
            told("IO Error: Cannot open file \"/data/Corrupt WAL/botledger.duckdb\""),
            None
        );
    }
}
