//! What a start looks for: that the database is the one that was left here, whole, and not ahead of the clock.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use duckdb::Connection;

use super::files;
use super::mark::{self, Found, Held};
use crate::model::{Clock, Param};
use crate::query;
use crate::store::sql::{connect, schema};
use crate::store::{Loss, StoreError, StoreOptions, sql};

/// How far a stamp may be ahead of the clock: clocks of machines differ by seconds.
pub const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// What the machine lacks when DuckDB cannot read a log that is whole.
const WANTS: [&str; 6] = [
    "Out of Memory",
    "No space left",
    "Too many open files",
    "Cannot allocate memory",
    "Permission denied",
    "Read-only file system",
];

/// Opens the database, or makes it, and brings it up to date: once it is seen to have what the mark tells of, and not to
/// be ahead of the clock.
///
/// # Errors
/// [`StoreError::Loss`] and [`StoreError::Ahead`], unless they are accepted; the log stays as it is then. And as
/// [`schema::migrate`].
pub fn open(options: &StoreOptions, clock: &Clock) -> Result<Connection, StoreError> {
    look(options)?;
    let connection = connect(options, connect::to_write)?;
    let settled = loss(&connection, &options.data_dir)
        .and_then(|loss| loss.map_or(Ok(()), |loss| accept(options, loss)))
        .and_then(|()| schema::migrate(&connection))
        .and_then(|()| timely(&connection, options, clock()));
    if settled.is_err() {
        connection.execute_batch(query!("ingest/keep_log").sql)?;
    }
    settled.map(|()| connection)
}

/// Looks for the database, before it is opened, and made if it is not there.
///
/// # Errors
/// [`StoreError::Loss`] where there was one.
pub fn look(options: &StoreOptions) -> Result<(), StoreError> {
    let data = &options.data_dir;
    if data.join(connect::DATABASE).exists() {
        return Ok(());
    }
    let log = connect::logs(data).iter().any(|log| log.exists());
    let loss = match mark::read(data)? {
        Found::Held(held) if held.commits > 0 => Loss::Database {
            commits: held.commits,
            last: held.last,
        },
        Found::Unreadable => Loss::Mark,
        Found::Held(_) | Found::Nothing if log => Loss::LogAlone,
        Found::Nothing if data.join(files::KEY).exists() => Loss::KeyAlone,
        Found::Held(_) | Found::Nothing => return Ok(()),
    };
    accept(options, loss)?;
    if log {
        set_aside(data)?;
    }
    Ok(())
}

/// Opens the database; a damaged log is set aside where its loss is accepted.
///
/// # Errors
/// As `open`, [`Loss::Log`], and [`StoreError::Damaged`].
pub fn connect(
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
    accept(options, loss)?;
    set_aside(&options.data_dir)?;
    open(options)
}

/// Which file is damaged.
#[derive(Debug, PartialEq, Eq)]
enum Damage {
    Database,
    Log,
}

/// What a message of DuckDB means when it does not open a database: a lack of memory, room or open files is no damage.
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

/// Continues without what is lost, if that is accepted.
fn accept(options: &StoreOptions, loss: Loss) -> Result<(), StoreError> {
    if !options.accept.loss {
        return Err(loss.into());
    }
    tracing::warn!(%loss, "accepted");
    Ok(())
}

/// What is missing by the mark.
pub fn loss(connection: &Connection, folder: &Path) -> Result<Option<Loss>, StoreError> {
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
    sql::row(connection, &query!("ingest/was_moved"), [stamp], |row| row.get(0))
}

fn timely(connection: &Connection, options: &StoreOptions, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (held, _) = Held::of(connection, 0)?;
    let last = sql::instant(held.last_micros)?;
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

/// Moves the stamps that are ahead of the clock back to it, in their order, and has all facts folded again.
fn move_stamps(connection: &Connection, now: DateTime<Utc>) -> Result<(), StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let params = vec![("now", Param::Int(now.timestamp_micros()))];
    sql::execute(&transaction, &query!("ingest/moving_stamps"))?;
    sql::run(&transaction, &query!("ingest/note_moving_stamps"), &params)?;
    sql::execute(&transaction, &query!("ingest/move_stamps"))?;
    sql::execute(&transaction, &query!("jobs/reset"))?;
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
    for log in connect::logs(folder).into_iter().filter(|log| log.exists()) {
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
