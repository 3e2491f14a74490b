//! The queue to the writer: its commands, and the bound on what waits for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::annotations::{Annotated, Note};
use super::append::Appended;
use super::prepared::Prepared;
use super::rates::RatesAdded;
use super::{StoreError, lock};
use crate::model::Rate;

/// Commands that may wait, whatever their size.
pub(super) const QUEUE: usize = 4096;

/// What the writer is told.
pub(super) enum Command {
    /// Append events.
    Append {
        /// The events.
        prepared: Prepared,
        /// Where the outcome goes.
        reply: oneshot::Sender<Result<Appended, StoreError>>,
    },
    /// Add exchange rates.
    Rates {
        /// The rates.
        rates: Vec<Rate>,
        /// Where the outcome goes.
        reply: oneshot::Sender<Result<RatesAdded, StoreError>>,
    },
    /// Add and retract annotations.
    Annotate {
        /// What changes.
        notes: Vec<Note>,
        /// Where the outcome goes.
        reply: oneshot::Sender<Result<Annotated, StoreError>>,
    },
    /// Look after the log, which a fold has lengthened.
    Tidy,
    /// Finish and end.
    Stop,
}

impl Command {
    /// Events and the like that it holds.
    fn events(&self) -> usize {
        match self {
            Command::Append { prepared, .. } => prepared.len(),
            Command::Rates { rates, .. } => rates.len(),
            Command::Annotate { notes, .. } => notes.len(),
            Command::Tidy | Command::Stop => 0,
        }
    }
}

/// The way to the writer.
pub(super) struct Handle {
    sender: mpsc::Sender<Command>,
    waiting: Arc<AtomicUsize>,
    limit: usize,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Handle {
    /// The way to a writer that takes from the other end of `sender`, while fewer than `limit` events are `waiting`.
    pub fn new(sender: mpsc::Sender<Command>, waiting: Arc<AtomicUsize>, limit: usize, thread: JoinHandle<()>) -> Self {
        Handle {
            sender,
            waiting,
            limit,
            thread: Mutex::new(Some(thread)),
        }
    }

    /// Queues a command or says at once that there is no room.
    pub fn try_send(&self, command: Command) -> Result<(), StoreError> {
        let events = command.events();
        // A group larger than the whole queue may go when nothing else waits.
        let before = self.waiting.fetch_add(events, Ordering::AcqRel);
        if before > 0 && before + events > self.limit {
            self.waiting.fetch_sub(events, Ordering::AcqRel);
            return Err(StoreError::Busy);
        }
        self.sender.try_send(command).map_err(|error| {
            self.waiting.fetch_sub(events, Ordering::AcqRel);
            match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
            }
        })
    }

    /// Has the writer tidy up when it comes to it; while its queue is full it does so anyway.
    pub fn nudge(&self) {
        drop(self.sender.try_send(Command::Tidy));
    }

    /// Queues a command, waiting for room; not to be called on an async thread.
    pub fn send_blocking(&self, command: Command) -> Result<(), StoreError> {
        self.waiting.fetch_add(command.events(), Ordering::AcqRel);
        self.sender.blocking_send(command).map_err(|_| StoreError::Stopped)
    }

    /// Lets the writer finish what is queued and waits for its end.
    pub fn close(&self) {
        self.close_by(None);
    }

    /// As [`Handle::close`], but waits no longer than until `end`; true if the writer has ended by then.
    pub fn close_by(&self, end: Option<Instant>) -> bool {
        let Some(thread) = lock(&self.thread).take() else {
            return true;
        };
        let wait = || {
            std::thread::sleep(Duration::from_millis(5));
            end.is_none_or(|end| Instant::now() < end)
        };
        // The queue may be full of work that is still to be done: offer the stop until it is taken.
        while let Err(mpsc::error::TrySendError::Full(_)) = self.sender.try_send(Command::Stop) {
            if !wait() {
                return false;
            }
        }
        while end.is_some() && !thread.is_finished() {
            if !wait() {
                return false;
            }
        }
        if thread.join().is_err() {
            tracing::error!("the writer ended abnormally");
        }
        true
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}
