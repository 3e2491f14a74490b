//! The store: the only module that names DuckDB.
//!
//! One thread, the writer, owns the connection that changes events; it takes them through a
//! bounded queue, commits in groups and stamps each group with one `received_at`. The fold
//! writes logs and facts on a connection of its own: the two share no table. Readers work on
//! snapshots of their own.

mod annotations;
mod append;
mod as_of;
mod aside;
mod bridge;
pub mod check;
mod checkpoints;
mod deadline;
mod disk;
pub mod export;
mod exported;
mod files;
mod filter;
mod folder;
mod folding;
mod health;
mod identity;
mod ignored;
mod mark;
mod moments;
mod pace;
mod prepared;
mod pseudonym_key;
mod quarantine;
mod queue;
mod rates;
mod read;
mod refolding;
mod refusals;
mod schema;
mod settle;
mod status;
mod tallies;
mod touching;
mod working;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::model::Clock;

pub use annotations::{About, Annotated, Note};
pub use append::{AppendOutcome, Appended, Delivery, Pending, Queued};
pub use deadline::Deadline;
pub use folder::{KEY as PSEUDONYM_KEY, replace_file};
pub use folding::{FoldReport, Window};
pub use health::Post;
pub use ignored::{IgnoredCount, IgnoredCounts};
pub use prepared::Prepared;
pub use quarantine::{EntityKind, SetAside, SetAsideDetail, SetAsidePart, SetAsideState};
pub use rates::RatesAdded;
pub use refusals::{RecentRefusal, Refused, UNKNOWN_SOURCE};
pub use settle::{Accept, Loss};
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
    /// The data folder takes no writes, or hardly any more; nothing of the request was taken.
    #[error("{0}")]
    NoRoom(String),
    /// A question took longer than allowed, or nobody waits for its answer any more.
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
    /// Something of the data folder is gone.
    #[error(transparent)]
    Loss(#[from] Loss),
    /// The last commit is stamped well ahead of the clock.
    #[error(
        "its last commit is stamped {last}, {by} ahead of this machine's clock ({now}): one of the two was wrong. If the \
         clock is, set it and start again. If it is right now, start once with `botledger serve --accept-clock`: the \
         stamps ahead of it are moved back to it"
    )]
    Ahead {
        /// By how much, in words.
        by: String,
        /// The stamp.
        last: DateTime<Utc>,
        /// The clock.
        now: DateTime<Utc>,
    },
    /// The last checkpoint has failed.
    #[error(
        "the last checkpoint has failed: everything acknowledged is in the log, botledger.duckdb.wal, which belongs to \
         the database as it is now; copy neither without the other, see to the disk and start again"
    )]
    Unsaved,
    /// A file was deleted or replaced under the program: which, and what is to be done.
    #[error("{0}")]
    Gone(String),
    /// The database file is damaged.
    #[error(
        "its database, botledger.duckdb, is damaged: {0}. Put the whole data folder back from its backup; what came in \
         since can be sent again by its senders. If there is none, move botledger.duckdb away and start once with \
         `botledger serve --accept-loss`: the ledger is then empty"
    )]
    Damaged(String),
    /// Another process has the database open.
    #[error("{} holds it; stop that server or command first: a folder belongs to one process at a time", holder(.process))]
    Held {
        /// Its number, where it is known.
        process: Option<u32>,
    },
    /// A file is no export, or not one that this version can read.
    #[error("it is no export that can be read: {0}")]
    NoExport(String),
    /// The events of an entity make no fact.
    #[error("{0}")]
    Unfoldable(String),
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

/// A handle on the open store; cheap to clone, the last one closes it.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
    /// When questions through this handle end, where it was made for one.
    deadline: Option<Arc<Deadline>>,
}

struct Shared {
    writer: queue::Handle,
    readers: read::Readers,
    /// Interrupts what takes too long.
    watch: deadline::Watch,
    alarm: Arc<health::Alarm>,
    disk: Arc<disk::Disk>,
    _looking: disk::Looking,
    /// Ends the fold when the server stops.
    stop: Arc<Deadline>,
    /// How old an event may be that is not folded.
    fold_within: TimeDelta,
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
    /// What decides whether an entity is set aside.
    rules: aside::Rules,
}

impl Store {
    /// Opens or creates the database, migrates its schema and starts the writer.
    ///
    /// # Errors
    /// When the folder cannot be made or read, another process holds the file ([`StoreError::Held`]), it is of a later
    /// version, something of it is gone ([`StoreError::Loss`]) or it is ahead of the clock ([`StoreError::Ahead`]).
    pub fn open(options: &StoreOptions, clock: Clock) -> Result<Store, StoreError> {
        folder::make(&options.data_dir)?;
        settle::before(options)?;
        let connection = settle::connect(options, schema::connect)?;
        settle::settle(&connection, options, &clock)?;
        let readers = read::Readers::new(connection.try_clone()?, options);
        let folding = connection.try_clone()?;
        let folded = as_of::folded_to(&folding)?;
        let tallies = tallies::load(&folding)?;
        let rules = aside::Rules::start(&folding, options.entity_rows)?;
        let quarantine = quarantine::load(&folding)?;
        let alarm = health::Alarm::new();
        let watch = deadline::Watch::start(&alarm)?;
        let (disk, looking) = disk::Disk::start(options, &alarm)?;
        let started = writer::start(connection, options, clock, (&alarm, &disk))?;
        disk.watch_files()?;
        // DuckDB makes its files as the umask has it.
        folder::close_files(&options.data_dir)?;
        Ok(Store {
            deadline: None,
            shared: Arc::new(Shared {
                writer: started.handle,
                readers,
                watch,
                alarm,
                disk,
                _looking: looking,
                stop: Arc::new(Deadline::open()),
                fold_within: health::seconds(options.fold_seconds),
                board: Mutex::new(Vec::new()),
                committed: started.committed,
                moments: started.moments,
                folded: watch::channel(folded).0,
                folding: Mutex::new(folding),
                tallies,
                quarantine: Mutex::new(quarantine),
                rules,
            }),
        })
    }

    /// Whether a folder holds a ledger, or has held one by its mark. Opening one makes it; a command that must not asks
    /// here first.
    pub fn exists(data_dir: &Path) -> bool {
        [schema::FILE, mark::FILE]
            .iter()
            .any(|file| data_dir.join(file).exists())
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

    /// The same store for one question: what it reads is interrupted when the deadline has passed.
    pub fn within(&self, deadline: Arc<Deadline>) -> Store {
        Store {
            shared: self.shared.clone(),
            deadline: Some(deadline),
        }
    }

    /// Asked between the steps of a question, so that none goes on which nobody waits for.
    ///
    /// # Errors
    /// [`StoreError::Timeout`] when its deadline has passed.
    pub fn check(&self) -> Result<(), StoreError> {
        match &self.deadline {
            Some(deadline) if deadline.has_passed() => Err(StoreError::Timeout),
            _ => Ok(()),
        }
    }

    /// Reads one snapshot, until the deadline of this handle or the time that any question has.
    fn reading<T>(&self, work: impl FnOnce(&duckdb::Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let readers = &self.shared.readers;
        let deadline = self.deadline.clone().unwrap_or_else(|| readers.deadline());
        let done = readers.within(&self.shared.watch, &deadline, work);
        self.shared.alarm.heed(&done);
        done
    }

    /// Interrupts every question that is under way.
    pub fn end_questions(&self) {
        self.shared.watch.end_all();
    }

    /// Closes the store for a command, which then has done its work.
    ///
    /// # Errors
    /// [`StoreError::Unsaved`] when the last checkpoint has failed, and as [`Store::still_there`].
    pub fn finish(&self) -> Result<(), StoreError> {
        self.close();
        self.still_there(true)?;
        match self.shared.writer.is_saved() {
            true => Ok(()),
            false => Err(StoreError::Unsaved),
        }
    }

    /// Finishes what was accepted, checkpoints and closes the writer. Later commands answer `Stopped`.
    pub fn close(&self) {
        self.shared.writer.close();
    }

    /// As [`Store::close`], but waits no longer than until `end`; true if all was finished by then.
    pub fn close_by(&self, end: Instant) -> bool {
        self.shared.writer.close_by(Some(end))
    }
}

/// Locks a mutex; a holder that panicked leaves nothing half-done behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
