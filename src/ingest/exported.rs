//! `import` of an export: the Parquet files of one folder, or one of them.
//!
//! Events come back as they were kept, with the digests of their content: in the ledger that wrote them all are
//! duplicates, and in a new one the same events, when their senders send them again, are duplicates too.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::import::{Cause, Flight, ImportError, Summary};
use super::privacy::Privacy;
use crate::model::Event;
use crate::store::{BulkLoad, Prepared, Store, StoreError};

/// What a Parquet file begins with.
const PARQUET: &[u8; 4] = b"PAR1";

/// The files of an export at a path, in the order of their names: those below a folder, or the Parquet file itself.
/// `None` where a file is something else.
///
/// # Errors
/// When the path cannot be read, or a folder holds no Parquet file.
pub fn files(path: &Path) -> io::Result<Option<Vec<PathBuf>>> {
    let kind = std::fs::metadata(path)?;
    if !kind.is_dir() {
        // What was read of a pipe would be lost.
        if !kind.is_file() {
            return Ok(None);
        }
        let mut head = [0; PARQUET.len()];
        let read = File::open(path)?.take(PARQUET.len() as u64).read(&mut head)?;
        return Ok((head[..read] == *PARQUET).then(|| vec![path.to_owned()]));
    }
    let mut found = Vec::new();
    below(path, &mut found)?;
    found.sort();
    if found.is_empty() {
        return Err(io::Error::other(
            "it is a folder without Parquet files; only the folder of an export can be imported",
        ));
    }
    Ok(Some(found))
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            below(&path, found)?;
        } else if path.extension() == Some(OsStr::new("parquet")) {
            found.push(path);
        }
    }
    Ok(())
}

/// Imports files of an export; `progress` is called as events become durable.
///
/// # Errors
/// When a file is none of an export, or the store fails; it tells what is durable by then.
pub fn import(
    store: &Store,
    load: BulkLoad,
    files: &[PathBuf],
    privacy: &Privacy,
    progress: &mut dyn FnMut(u64, &Summary),
) -> Result<Summary, ImportError> {
    let mut flight = Flight::new(store, load, progress);
    let read = files.iter().try_for_each(|file| {
        store.read_export(file, &mut |events| {
            let count = events.len() as u64;
            // What is a pseudonym stays one; an export of a ledger that keeps ids as they are may hold people's.
            let kept: Vec<Event> = events.into_iter().map(|event| privacy.protect(event).0).collect();
            flight.send(Prepared::new(&kept)?, count)
        })
    });
    // What was handed over before a failure is stored all the same.
    let ended = flight.land().and(read);
    flight.outcome(ended.map_err(|error| match error {
        StoreError::NoExport(_) => Cause::Input(io::Error::other(error)),
        other => Cause::Store(other),
    }))
}
