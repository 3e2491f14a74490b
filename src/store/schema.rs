//! Opening the database file and bringing its schema up to date.

use std::path::{Path, PathBuf};

use duckdb::{AccessMode, Config, Connection};

use super::{StoreError, StoreOptions};
use crate::model::Query;
use crate::query;

/// Migrations in order; the version of a database is the number of those it has seen.
const MIGRATIONS: &[Query] = &[
    query!("schema/001_ledger"),
    query!("schema/002_providers"),
    query!("schema/003_annotations"),
    query!("schema/004_refold"),
    query!("schema/005_delivered"),
    // The rules of folding have changed once more.
    query!("schema/004_refold"),
    query!("schema/006_returns"),
    // And so have those of money that goes back.
    query!("schema/004_refold"),
    query!("schema/007_ignored"),
    query!("schema/008_kept"),
    query!("schema/009_moved"),
    query!("schema/010_set_aside"),
    // The rules of names have changed: each leads as far as statements do.
    query!("schema/004_refold"),
    query!("schema/011_identity"),
    query!("schema/012_verdict"),
];

/// Name of the database file in the data folder.
pub(super) const FILE: &str = "botledger.duckdb";

/// Where the logs of the database in a folder may lie: beside the log itself, what was committed during a checkpoint.
pub(super) fn logs(folder: &Path) -> [PathBuf; 3] {
    ["", ".checkpoint", ".recovery"].map(|end| folder.join(format!("{FILE}.wal{end}")))
}

/// Bytes of the logs of the database in a folder.
pub(super) fn log_bytes(folder: &Path) -> u64 {
    let bytes = |log: PathBuf| std::fs::metadata(log).map_or(0, |log| log.len());
    logs(folder).into_iter().map(bytes).sum()
}

/// Opens the file with the settings every connection shares.
pub fn connect(options: &StoreOptions) -> Result<Connection, StoreError> {
    connect_as(options, AccessMode::Automatic)
}

/// Opens the file without any change to it.
pub fn connect_to_read(options: &StoreOptions) -> Result<Connection, StoreError> {
    connect_as(options, AccessMode::ReadOnly)
}

fn connect_as(options: &StoreOptions, mode: AccessMode) -> Result<Connection, StoreError> {
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(2, |n| n.get() as i64),
        n => i64::try_from(n).unwrap_or(i64::MAX),
    };
    let config = Config::default()
        .access_mode(mode)?
        .threads(threads)?
        .with("memory_limit", format!("{}MiB", options.memory_mib))?
        // Checkpoints stall a commit; they run between commits instead, by the size of the log.
        .with("checkpoint_threshold", "1TB")?
        .with("autoinstall_known_extensions", "false")?
        .with("autoload_known_extensions", "false")?
        .with("preserve_insertion_order", "true")?;
    Connection::open_with_flags(options.data_dir.join(FILE), config).map_err(|error| {
        let told = error.to_string();
        if told.contains("Could not set lock") {
            StoreError::Held { process: holder(&told) }
        } else {
            error.into()
        }
    })
}

/// The number of the process that has the file open, as DuckDB tells it.
fn holder(told: &str) -> Option<u32> {
    let (_, rest) = told.split_once("(PID ")?;
    rest.split_once(')')?.0.parse().ok()
}

/// Whether a database has seen all migrations.
pub fn is_current(connection: &Connection) -> Result<bool, StoreError> {
    let found: i64 = connection.query_row(query!("schema/version").sql, [], |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    Ok(found == known)
}

/// Applies the migrations that the database has not seen, each in a transaction.
pub fn migrate(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(query!("schema/000_version").sql)?;
    let found: i64 = connection.query_row(query!("schema/version").sql, [], |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    let mark = query!("schema/mark_version");
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(found as usize) {
        let transaction = connection.unchecked_transaction()?;
        transaction
            .execute_batch(migration.sql)
            .map_err(|error| StoreError::Query {
                query: migration.name,
                error,
            })?;
        transaction.execute(mark.sql, [index as i64 + 1])?;
        transaction.commit()?;
    }
    Ok(())
}
