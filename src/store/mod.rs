//! The store: the only module that names DuckDB.
//!
//! One thread, the writer, owns the connection that changes events; it takes them through a
//! bounded queue, commits in groups and stamps each group with one `received_at`. The fold
//! writes logs and facts on a connection of its own: the two share no table. Readers work on
//! snapshots of their own.

mod annotations;
mod append;
mod as_of;
mod bridge;
pub mod export;
mod exported;
mod filter;
mod folding;
mod identity;
mod ignored;
mod moments;
mod prepared;
mod pseudonym_key;
mod quarantine;
mod queue;
mod rates;
mod read;
mod refusals;
mod schema;
mod status;
mod tallies;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::model::Clock;

pub use annotations::{About, Annotated, Note};
pub use append::{AppendOutcome, Appended, Delivery, Pending, Queued};
pub use folding::{FoldReport, Window};
pub use ignored::{IgnoredCount, IgnoredCounts};
pub use prepared::Prepared;
pub use quarantine::{EntityKind, SetAside, SetAsideDetail, SetAsidePart, SetAsideState};
pub use rates::RatesAdded;
pub use refusals::{RecentRefusal, Refused, UNKNOWN_SOURCE};
pub use status::{JobStatus, Version};
pub use tallies::{Counter, Delivered, NATIVE_WAYS, SourceBoard, Tally};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The writer is behind; nothing of the request was taken.
    #[error("the writer is behind; try again shortly")]
    Busy,
    /// The store is shutting down; nothing of the request was taken.
    #[error("the store is stopping")]
    Stopped,
    /// A question took longer than allowed.
    #[error("the question took longer than allowed")]
    Timeout,
    /// An answer is longer than allowed.
    #[error("the answer has more than {0} rows")]
    TooManyRows(usize),
    /// The data directory is of a later version.
    #[error(
        "a later version of botledger has written it (schema {found}; this one knows {known}): take that version again"
    )]
    NewerSchema {
        /// Version found on disk.
        found: i64,
        /// Latest version this program knows.
        known: i64,
    },
    /// Another process has the database open.
    #[error("{} holds it; stop that server or command first: a folder belongs to one process at a time", holder(.process))]
    Held {
        /// Its number, where it is known.
        process: Option<u32>,
    },
    /// A file is no export, or not one that this version can read.
    #[error("it is no export that can be read: {0}")]
    NoExport(String),
    /// A query failed.
    #[error("query `{query}` failed: {error}")]
    Query {
        /// Name of the query's file.
        query: &'static str,
        /// What DuckDB said.
        error: duckdb::Error,
    },
    /// DuckDB failed outside a query of ours.
    #[error("the database failed: {0}")]
    Database(#[from] duckdb::Error),
    /// Rows could not be carried between DuckDB and Polars.
    #[error("rows could not be carried over: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Polars failed.
    #[error("computing failed: {0}")]
    Polars(#[from] polars::error::PolarsError),
    /// The file system failed.
    #[error("the file system failed: {0}")]
    Io(#[from] std::io::Error),
    /// A stored value is not what the schema promises.
    #[error("the database holds an impossible value: {0}")]
    Corrupt(&'static str),
}

fn holder(process: &Option<u32>) -> String {
    match process {
        Some(number) => format!("the process {number}"),
        None => "another process".to_owned(),
    }
}

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
    /// Seconds until a question is interrupted.
    pub query_seconds: u64,
}

/// A handle on the open store; cheap to clone, the last one closes it.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    writer: queue::Handle,
    readers: read::Readers,
    board: Mutex<Vec<JobStatus>>,
    /// Stamp of the latest commit.
    committed: watch::Receiver<DateTime<Utc>>,
    /// What commits and questions agree on.
    moments: Arc<moments::Moments>,
    /// Stamp up to which events are folded into facts.
    folded: watch::Sender<DateTime<Utc>>,
    /// The connection that folds; it writes logs, facts and the counts of sources, and nothing else.
    folding: Mutex<duckdb::Connection>,
    /// What each source has delivered.
    tallies: tallies::Tallies,
    /// What is left out of the facts, as the tables have it.
    quarantine: Mutex<Vec<SetAside>>,
}

impl Store {
    /// Opens or creates the database, migrates its schema and starts the writer.
    ///
    /// # Errors
    /// When the folder cannot be made, another process holds the file ([`StoreError::Held`]), or it is of a later
    /// version.
    pub fn open(options: &StoreOptions, clock: Clock) -> Result<Store, StoreError> {
        std::fs::create_dir_all(&options.data_dir)?;
        let connection = schema::connect(options)?;
        schema::migrate(&connection)?;
        let readers = read::Readers::new(connection.try_clone()?, options);
        let folding = connection.try_clone()?;
        let folded = as_of::folded_to(&folding)?;
        let tallies = tallies::load(&folding)?;
        let quarantine = quarantine::load(&folding)?;
        let started = writer::start(connection, options, clock)?;
        Ok(Store {
            shared: Arc::new(Shared {
                writer: started.handle,
                readers,
                board: Mutex::new(Vec::new()),
                committed: started.committed,
                moments: started.moments,
                folded: watch::channel(folded).0,
                folding: Mutex::new(folding),
                tallies,
                quarantine: Mutex::new(quarantine),
            }),
        })
    }

    /// Whether a folder holds a ledger. Opening one makes it; a command that must not asks here first.
    pub fn exists(data_dir: &Path) -> bool {
        data_dir.join(schema::FILE).exists()
    }

    /// Watches the stamp of the latest commit; it changes whenever events were accepted.
    pub fn committed(&self) -> watch::Receiver<DateTime<Utc>> {
        self.shared.committed.clone()
    }

    /// The latest stamp given to a commit, also to one that is still being written.
    pub fn stamped(&self) -> DateTime<Utc> {
        writer::instant(self.shared.moments.stamped()).unwrap_or_default()
    }

    /// Stamp up to which events are folded into facts.
    pub fn folded_to(&self) -> DateTime<Utc> {
        *self.shared.folded.borrow()
    }

    /// Bytes of the events that wait for the writer, those that it is committing included.
    pub fn queued_bytes(&self) -> usize {
        self.shared.writer.bytes()
    }

    /// Finishes what was accepted, checkpoints and closes the writer. Later commands answer `Stopped`.
    pub fn close(&self) {
        self.shared.writer.close();
    }
}

/// Locks a mutex; a holder that panicked leaves nothing half-done behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
