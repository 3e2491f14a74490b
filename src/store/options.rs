//! How a store is opened.

use std::path::PathBuf;

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// Folder of the database; made if it is not there.
    pub data_dir: PathBuf,
    /// Memory that DuckDB may take, in MiB.
    pub memory_mib: u64,
    /// DuckDB's threads; 0 takes one per core.
    pub threads: u64,
    /// Events that may wait for the writer.
    pub queue_events: usize,
    /// Bytes of events that may wait for the writer.
    pub queue_bytes: usize,
    /// Rows of one frame handed to a metric.
    pub frame_rows: usize,
    /// Rows that one entity may have; one with more is set aside.
    pub entity_rows: usize,
    /// Seconds until a question is interrupted.
    pub query_seconds: u64,
    /// Seconds after which an event that is not folded is a problem.
    pub fold_seconds: u64,
    /// MiB of the disk that must stay free.
    pub free_mib: u64,
    /// What the start accepts that is refused otherwise.
    pub accept: Accept,
}

/// What a start accepts that is refused otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accept {
    /// Stamps ahead of the clock: they are moved back to it.
    pub clock: bool,
    /// Commits that are gone.
    pub loss: bool,
}
