//! The open store: what it holds, how it is opened, how questions are asked of it, how it is closed.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use duckdb::Connection;
use polars::prelude::DataFrame;
use tokio::sync::watch;

use super::fold::aside::Rules;
use super::fold::quarantine::{self, SetAside};
use super::fold::window;
use super::folder::{files, startup};
use super::observe::alarm::Alarm;
use super::observe::counters::Counters;
use super::observe::disk::{Disk, Looking};
use super::observe::files::Gone;
use super::observe::jobs::JobStatus;
use super::read::deadline::{Deadline, Watch};
use super::read::readers::Readers;
use super::write::moments::Moments;
use super::write::{queue, writer};
use super::{StoreError, StoreOptions, sql};
use crate::model::{Clock, Params, Query};

/// A handle on the open store; cheap to clone, the last one closes it.
#[derive(Clone)]
pub struct Store {
    pub(super) shared: Arc<Shared>,
    /// When questions through this handle end, where it was made for one.
    deadline: Option<Arc<Deadline>>,
}

pub(super) struct Shared {
    pub writer: queue::Handle,
    pub readers: Readers,
    /// Interrupts what takes too long.
    pub watch: Watch,
    pub alarm: Arc<Alarm>,
    pub disk: Arc<Disk>,
    _looking: Looking,
    /// Ends the fold when the server stops.
    pub stop: Arc<Deadline>,
    /// How old an event may be that is not folded.
    pub fold_within: TimeDelta,
    pub jobs: Mutex<Vec<JobStatus>>,
    /// Stamp of the latest commit.
    pub committed: watch::Receiver<DateTime<Utc>>,
    /// What commits and questions agree on.
    pub moments: Arc<Moments>,
    /// Stamp up to which events are folded into facts.
    pub folded: watch::Sender<DateTime<Utc>>,
    /// The connection that folds. Beside projections and facts it writes what is set aside, the counters of sources and
    /// the fingerprint of the key of pseudonyms.
    pub folding: Mutex<Connection>,
    /// What each source has delivered.
    pub counters: Counters,
    /// What is left out of the facts, as the tables have it.
    pub quarantine: Mutex<Vec<SetAside>>,
    /// What decides whether an entity is set aside.
    pub rules: Rules,
}

impl Store {
    /// Opens or creates the database, migrates its schema and starts the writer.
    ///
    /// # Errors
    /// When the folder cannot be made or read, another process holds the file ([`StoreError::Held`]), it is of a later
    /// version, something of it is gone ([`StoreError::Loss`]) or it is ahead of the clock ([`StoreError::Ahead`]).
    pub fn open(options: &StoreOptions, clock: Clock) -> Result<Store, StoreError> {
        files::make(&options.data_dir)?;
        let connection = startup::open(options, &clock)?;
        let readers = Readers::new(connection.try_clone()?, options);
        let folding = connection.try_clone()?;
        let folded = window::folded_to(&folding)?;
        let counters = Counters::load(&folding)?;
        let rules = Rules::start(&folding, options.entity_rows)?;
        let quarantine = quarantine::load(&folding)?;
        let alarm = Alarm::new();
        let watch = Watch::start(&alarm)?;
        let (disk, looking) = Disk::start(options, &alarm)?;
        let started = writer::start(connection, options, clock, (&alarm, &disk))?;
        disk.watch_files(files::MARK)?;
        // DuckDB makes its files as the umask has it.
        files::close_files(&options.data_dir)?;
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
                fold_within: TimeDelta::from_std(Duration::from_secs(options.fold_seconds)).unwrap_or(TimeDelta::MAX),
                jobs: Mutex::default(),
                committed: started.committed,
                moments: started.moments,
                folded: watch::channel(folded).0,
                folding: Mutex::new(folding),
                counters,
                quarantine: Mutex::new(quarantine),
                rules,
            }),
        })
    }

    /// Whether a folder holds a ledger, or has held one by its mark. Opening one makes it; a command that must not asks
    /// here first.
    pub fn exists(data_dir: &Path) -> bool {
        files::holds_ledger(data_dir)
    }

    /// The same store for one question: what it reads is interrupted when the deadline has passed.
    pub fn within(&self, deadline: Arc<Deadline>) -> Store {
        Store {
            shared: self.shared.clone(),
            deadline: Some(deadline),
        }
    }

    /// Asked between the steps of a question, so that a question stops once nobody waits for it.
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
    pub(super) fn reading<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let readers = &self.shared.readers;
        let deadline = self.deadline.clone().unwrap_or_else(|| readers.deadline());
        let done = readers.within(&self.shared.watch, &deadline, work);
        self.shared.alarm.heed(&done);
        done
    }

    /// The rows of one query, in a snapshot of its own.
    pub(super) fn rows(&self, query: &Query, params: &Params) -> Result<DataFrame, StoreError> {
        let limit = self.shared.readers.row_limit();
        self.reading(|connection| sql::frame(connection, query, params, limit))
    }

    /// Interrupts every question that is under way.
    pub fn end_questions(&self) {
        self.shared.watch.end_all();
    }

    /// Announces the stop: a fold that is under way is interrupted, to be done again after the next start.
    pub fn begin_stop(&self) {
        self.shared.stop.end();
    }

    /// Makes sure that the database is where it was opened, and the log if it is still needed. A database that was
    /// deleted while it was in use is copied into the folder, if it was closed completely.
    ///
    /// # Errors
    /// [`StoreError::Gone`] with what is to be done.
    pub fn still_there(&self, closed: bool) -> Result<(), StoreError> {
        let Some(files) = self.shared.disk.files() else {
            return Ok(());
        };
        let is_saved = closed && self.shared.writer.is_saved();
        let gone = match files.gone() {
            Some(gone @ Gone::Database) => gone,
            Some(gone @ Gone::Log) if !is_saved => gone,
            // The database has everything.
            _ => return Ok(()),
        };
        let saved = match is_saved {
            true => files.save_database(),
            false => Err(io::Error::other("the last checkpoint failed")),
        };
        Err(StoreError::Gone(match saved {
            Ok(copy) => format!(
                "{gone}. What it held, everything acknowledged, is in {}: give that file back its name, in place of any \
                 that lies there, before the next start",
                copy.display()
            ),
            Err(error) => format!(
                "{gone}. What it held could not be saved ({error}): put the whole data folder back from its backup, and \
                 let senders send again what came in since"
            ),
        }))
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
