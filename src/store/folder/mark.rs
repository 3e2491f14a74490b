//! The mark: a small file beside the database that says which database it is and what its last commit was.
//!
//! A database whose log was deleted or cut opens without complaint, and so does an older copy. The mark tells: it is
//! written after each commit and before the commit is acknowledged. It is written in place and not synced, which takes
//! microseconds and outlives a killed process; after a power failure it may be some seconds behind. With every
//! checkpoint it is synced.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use duckdb::Connection;
use serde::{Deserialize, Serialize};

use super::files::{MARK, replace_file};
use crate::query;
use crate::store::{StoreError, sql};

/// Bytes of the file: each state is written over the last, filled up with blanks.
const BYTES: usize = 256;

/// What a ledger holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The random name of the database.
    pub database: String,
    /// Number of its last commit.
    pub commits: i64,
    /// Stamp of that commit, in microseconds since 1970.
    pub last_micros: i64,
    /// The same for people.
    pub last: String,
}

impl Held {
    /// What a database holds, and the stamp of its commit of a given number.
    pub fn of(connection: &Connection, number: i64) -> Result<(Self, Option<i64>), StoreError> {
        let (database, commits, last_micros, given): (Option<String>, i64, i64, Option<i64>) =
            sql::row(connection, &query!("ingest/held"), [number], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
        let database = database.ok_or(StoreError::Corrupt("a database without its name"))?;
        let held = Held {
            database,
            commits: 0,
            last_micros: 0,
            last: String::new(),
        };
        Ok((held.at(commits, last_micros)?, given))
    }

    fn at(&self, commits: i64, last_micros: i64) -> Result<Self, StoreError> {
        Ok(Held {
            database: self.database.clone(),
            commits,
            last_micros,
            last: sql::instant(last_micros)?.to_rfc3339(),
        })
    }
}

/// What a mark may say.
pub enum Found {
    /// There is none: the folder is new, or of a version before there were marks.
    Nothing,
    /// The ledger held this.
    Held(Held),
    /// The file holds something else.
    Unreadable,
}

/// Reads the mark of a folder.
pub fn read(folder: &Path) -> Result<Found, StoreError> {
    match std::fs::read(path(folder)) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).map_or(Found::Unreadable, Found::Held)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error.into()),
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join(MARK)
}

/// The mark of an open ledger.
pub struct Mark {
    file: File,
    held: Held,
    failed: bool,
}

impl Mark {
    /// Writes what the database holds; from then on every commit is noted.
    pub fn keep(connection: &Connection, folder: &Path) -> Result<Self, StoreError> {
        let (held, _) = Held::of(connection, 0)?;
        if !matches!(read(folder)?, Found::Held(known) if known == held) {
            replace_file(&path(folder), &text(&held)?)?;
        }
        let file = OpenOptions::new().write(true).open(path(folder))?;
        Ok(Mark {
            file,
            held,
            failed: false,
        })
    }

    /// Notes a commit, before it is acknowledged.
    pub fn note(&mut self, stamp: i64) {
        let written = self.held.at(self.held.commits + 1, stamp).and_then(|held| {
            self.held = held;
            Ok(self.file.write_all_at(&text(&self.held)?, 0)?)
        });
        if let Err(error) = &written
            && !self.failed
        {
            tracing::warn!(%error, "{MARK} cannot be written: the next start cannot detect commits that are lost now");
        }
        self.failed = written.is_err();
    }

    /// The same file, to be synced from elsewhere.
    pub fn file(&self) -> Result<File, StoreError> {
        Ok(self.file.try_clone()?)
    }
}

/// The bytes of a mark.
fn text(held: &Held) -> Result<Vec<u8>, StoreError> {
    let mut bytes = serde_json::to_vec(held).map_err(std::io::Error::other)?;
    bytes.resize(BYTES - 1, b' ');
    bytes.push(b'\n');
    Ok(bytes)
}
