//! The queue to the writer: its commands, and the bound on what waits for it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::annotations::{Annotated, Note};
use super::append::Appended;
use super::prepared::{Prepared, Size};
use super::rates::RatesAdded;
use crate::model::Rate;
use crate::store::{StoreError, lock};

/// Commands that may wait, whatever their size.
pub const QUEUE: usize = 4096;

/// Where the outcome of a command goes.
pub type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// The commands of the writer.
pub enum Command {
    /// Append events.
    Append { prepared: Prepared, reply: Reply<Appended> },
    /// Add exchange rates.
    Rates { rates: Vec<Rate>, reply: Reply<RatesAdded> },
    /// Add and retract annotations.
    Annotate { notes: Vec<Note>, reply: Reply<Annotated> },
    /// Look after the log, which a fold has lengthened.
    Tidy,
    /// Finish and end.
    Stop,
}

impl Command {
    /// What it holds: events and the like, and their bytes.
    fn size(&self) -> Size {
        match self {
            Command::Append { prepared, .. } => prepared.size(),
            Command::Rates { rates, .. } => Size::of(rates),
            Command::Annotate { notes, .. } => Size::of(notes),
            Command::Tidy | Command::Stop => Size::default(),
        }
    }
}

/// What waits for the writer, what it is working on included.
#[derive(Debug, Default)]
pub struct Waiting {
    events: AtomicUsize,
    bytes: AtomicUsize,
    unsaved: AtomicBool,
}

impl Waiting {
    /// Notes that the writer has ended without its last checkpoint.
    pub fn leave_unsaved(&self) {
        self.unsaved.store(true, Ordering::Release);
    }

    /// Adds to it; says what there was before.
    fn add(&self, size: Size) -> Size {
        Size {
            events: self.events.fetch_add(size.events, Ordering::AcqRel),
            bytes: self.bytes.fetch_add(size.bytes, Ordering::AcqRel),
        }
    }

    /// Takes away what is done, or was not taken after all.
    pub fn remove(&self, size: Size) {
        self.events.fetch_sub(size.events, Ordering::AcqRel);
        self.bytes.fetch_sub(size.bytes, Ordering::AcqRel);
    }
}

/// The way to the writer.
pub struct Handle {
    sender: mpsc::Sender<Command>,
    waiting: Arc<Waiting>,
    limit: Size,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Handle {
    /// The way to a writer that takes from the other end of `sender`, while no more than `limit` is `waiting`.
    pub fn new(sender: mpsc::Sender<Command>, waiting: Arc<Waiting>, limit: Size, thread: JoinHandle<()>) -> Self {
        Handle {
            sender,
            waiting,
            limit,
            thread: Mutex::new(Some(thread)),
        }
    }

    /// Queues a command, or fails at once if there is no room.
    pub fn try_send(&self, command: Command) -> Result<(), StoreError> {
        let size = command.size();
        // A group larger than the whole queue may go when nothing else waits.
        let before = self.waiting.add(size);
        let fits = before.events + size.events <= self.limit.events && before.bytes + size.bytes <= self.limit.bytes;
        if before.events > 0 && !fits {
            self.waiting.remove(size);
            return Err(StoreError::Busy);
        }
        self.sender.try_send(command).map_err(|error| {
            self.waiting.remove(size);
            match error {
                mpsc::error::TrySendError::Full(_) => StoreError::Busy,
                mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
            }
        })
    }

    /// Bytes of what waits for the writer, what it is working on included.
    pub fn bytes(&self) -> usize {
        self.waiting.bytes.load(Ordering::Acquire)
    }

    /// Whether the writer has ended with its last checkpoint made.
    pub fn is_saved(&self) -> bool {
        !self.waiting.unsaved.load(Ordering::Acquire)
    }

    /// Has the writer tidy up when it comes to it; while its queue is full it does so anyway.
    pub fn nudge(&self) {
        drop(self.sender.try_send(Command::Tidy));
    }

    /// Queues a command, waiting for room; not to be called on an async thread.
    pub fn send_blocking(&self, command: Command) -> Result<(), StoreError> {
        self.waiting.add(command.size());
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
