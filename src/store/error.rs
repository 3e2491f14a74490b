//! Why the store could not do what was asked, and what a data folder may have lost.

use chrono::{DateTime, Utc};

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The writer is behind; nothing of the request was stored.
    #[error("the writer is behind; try again shortly")]
    Busy,
    /// The store is shutting down; nothing of the request was stored.
    #[error("the store is stopping")]
    Stopped,
    /// The data folder cannot be written, or only little; nothing of the request was stored.
    #[error("{0}")]
    NoRoom(String),
    /// A question took longer than allowed, or its client has disconnected.
    #[error("the question took longer than allowed")]
    Timeout,
    /// An answer is longer than allowed.
    #[error("the answer has more than {0} rows")]
    TooManyRows(usize),
    /// The data directory is of a later version.
    #[error("a later version of botledger wrote it (schema {found}; this version knows {known}): use that version")]
    NewerSchema {
        /// Version found on disk.
        found: i64,
        /// Latest version this program knows.
        known: i64,
    },
    /// The data folder has lost something.
    #[error(transparent)]
    Loss(#[from] Loss),
    /// The last commit is stamped well ahead of the clock.
    #[error(
        "its last commit is stamped {last}, {by} ahead of this machine's clock ({now}): the clock is wrong now, or \
         it was wrong then. If it is wrong now, set it and start again. If it is right now, start once with `botledger \
         serve --accept-clock`: the stamps ahead of it are moved back to it"
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
         the database as it is now; do not copy one without the other; check the disk and start again"
    )]
    Unsaved,
    /// A file was deleted or replaced while it was in use: which one, and what to do.
    #[error("{0}")]
    Gone(String),
    /// The database file is damaged.
    #[error(
        "its database, botledger.duckdb, is damaged: {0}. Restore the whole data folder from its backup; senders can \
         send again what they sent since. If there is no backup, move botledger.duckdb away and start once with \
         `botledger serve --accept-loss`: the ledger is then empty"
    )]
    Damaged(String),
    /// Another process has the database open.
    #[error(
        "{} is using it; stop that server or command first: only one process at a time can use a data folder",
        holder(.process)
    )]
    Held {
        /// Its number, where it is known.
        process: Option<u32>,
    },
    /// A file is not an export, or not one that this version can read.
    #[error("it is not an export that can be read: {0}")]
    NoExport(String),
    /// The events of an entity cannot be folded into a fact.
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
    /// DuckDB failed outside one of our queries.
    #[error("the database failed: {0}")]
    Database(#[from] duckdb::Error),
    /// Rows could not be transferred between DuckDB and Polars.
    #[error("rows could not be transferred: {0}")]
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

/// What a data folder has lost.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    /// The database is missing.
    #[error(
        "the database botledger.duckdb is missing, and ledger.json says that it held {commits} commits, the last of \
         {last}. {REMEDY}"
    )]
    Database {
        /// Number of the last commit.
        commits: i64,
        /// Its stamp.
        last: String,
    },
    /// The database is missing; its log is there.
    #[error("the database botledger.duckdb is missing, and its log botledger.duckdb.wal is there. {REMEDY}")]
    LogAlone,
    /// The database and the mark are missing; the key is there.
    #[error(
        "the database botledger.duckdb and ledger.json are missing, and pseudonym.key, which is made with the \
         first ledger of a folder, is there. {REMEDY}. If you put the key there for a new ledger, also start once with \
         that option"
    )]
    KeyAlone,
    /// Commits are missing.
    #[error(
        "{missing} of {commits} commits are missing: the database {found}, and the last that was acknowledged is of \
         {last}. Its log botledger.duckdb.wal was deleted or cut, or an older copy was put back. \
         {REMEDY}"
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
    /// The database is another one.
    #[error(
        "the database is not the one that ledger.json describes: it is another one, an older copy, or what is \
         left after its log was cut. {REMEDY}"
    )]
    Another,
    /// The mark is damaged.
    #[error("ledger.json is damaged, so it is unknown whether the database is complete. {REMEDY}")]
    Mark,
    /// The log is damaged.
    #[error(
        "the log botledger.duckdb.wal is damaged or belongs to another database: {told}. {REMEDY} (The log is then set \
         aside.)"
    )]
    Log {
        /// What DuckDB says.
        told: String,
    },
}

/// What to do about it.
const REMEDY: &str = "Restore the file, or the whole data folder from its backup. If there is no backup, start once \
                      with `botledger serve --accept-loss`: it continues with what is left. Senders can then send \
                      again what is lost; what is still there is not stored twice";
