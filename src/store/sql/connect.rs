//! Opening the database file, and where its logs lie.

use std::path::{Path, PathBuf};

use duckdb::{AccessMode, Config, Connection};

use crate::store::{StoreError, StoreOptions};

/// Name of the database file in the data folder.
pub const DATABASE: &str = "botledger.duckdb";

/// Where the logs of the database in a folder may lie: beside the log itself, what was committed during a checkpoint.
pub fn logs(folder: &Path) -> [PathBuf; 3] {
    ["", ".checkpoint", ".recovery"].map(|end| folder.join(format!("{DATABASE}.wal{end}")))
}

/// Bytes of the logs of the database in a folder.
pub fn log_bytes(folder: &Path) -> u64 {
    let bytes = |log: PathBuf| std::fs::metadata(log).map_or(0, |log| log.len());
    logs(folder).into_iter().map(bytes).sum()
}

/// Opens the file with the settings every connection shares.
pub fn to_write(options: &StoreOptions) -> Result<Connection, StoreError> {
    open(options, AccessMode::Automatic)
}

/// Opens the file without any change to it.
pub fn to_read(options: &StoreOptions) -> Result<Connection, StoreError> {
    open(options, AccessMode::ReadOnly)
}

fn open(options: &StoreOptions, mode: AccessMode) -> Result<Connection, StoreError> {
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(2, |n| n.get() as i64),
        n => i64::try_from(n).unwrap_or(i64::MAX),
    };
    let config = Config::default()
        .access_mode(mode)?
        .threads(threads)?
        .with("memory_limit", format!("{}MiB", options.memory_mib))?
        // One that DuckDB makes by itself stalls the commit it falls into; a thread of its own makes them instead.
        .with("checkpoint_threshold", "1TB")?
        .with("autoinstall_known_extensions", "false")?
        .with("autoload_known_extensions", "false")?
        .with("preserve_insertion_order", "true")?;
    Connection::open_with_flags(options.data_dir.join(DATABASE), config).map_err(|error| {
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
