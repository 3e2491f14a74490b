//! The writer: one thread, the only connection that changes anything, commands one after another.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use duckdb::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use super::annotations::{self, Annotated, Note};
use super::append::{self, Appended};
use super::checkpoints::Checkpoints;
use super::disk::Disk;
use super::health::Alarm;
use super::identity::Identities;
use super::mark::Mark;
use super::moments::Moments;
use super::pace::Pace;
use super::prepared::Prepared;
use super::queue::{Command, Handle, QUEUE, Size, Waiting};
use super::rates::{self, RatesAdded};
use super::{StoreError, StoreOptions, folding};
use crate::model::{Clock, Param, Rate};
use crate::query;

/// Events that one commit takes in at most; a single larger group still goes whole. From about
/// 120,000 rows on DuckDB writes them to the table at once instead of to its log first.
const GROUP: usize = 150_000;
/// Bytes of events that one commit takes in at most; a single larger group still goes whole.
const GROUP_BYTES: usize = 32 << 20;

/// A started writer.
pub(super) struct Started {
    pub handle: Handle,
    pub committed: watch::Receiver<DateTime<Utc>>,
    pub moments: Arc<Moments>,
}

/// Reads the identities and starts the thread.
pub(super) fn start(
    connection: Connection,
    options: &StoreOptions,
    clock: Clock,
    (alarm, disk): (&Arc<Alarm>, &Arc<Disk>),
) -> Result<Started, StoreError> {
    let mark = Mark::keep(&connection, &options.data_dir)?;
    let identities = Identities::load(&connection)?;
    let last: i64 = connection.query_row(query!("ingest/last_commit").sql, [], |row| row.get(0))?;
    let moments = Arc::new(Moments::since(last));
    let (committed_sender, committed) = watch::channel(instant(last)?);
    let (sender, receiver) = mpsc::channel(QUEUE);
    let waiting = Arc::new(Waiting::default());
    let limit = Size {
        events: options.queue_events,
        bytes: options.queue_bytes,
    };
    let checkpoints = Checkpoints::start(connection.try_clone()?, &options.data_dir, mark.file()?, (alarm, disk))?;
    let mut writer = Writer {
        connection,
        identities,
        mark,
        pace: Pace::from(clock()),
        clock,
        last,
        waiting: waiting.clone(),
        committed: committed_sender,
        moments: moments.clone(),
        checkpoints: Some(checkpoints),
        alarm: alarm.clone(),
        disk: disk.clone(),
    };
    let post = alarm.post("writer");
    let thread = std::thread::Builder::new().name("writer".into()).spawn(move || {
        writer.run(receiver);
        post.leave();
    })?;
    Ok(Started {
        handle: Handle::new(sender, waiting, limit, thread),
        committed,
        moments,
    })
}

pub(super) fn instant(micros: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(micros).ok_or(StoreError::Corrupt("a stamp outside the calendar"))
}

struct Writer {
    connection: Connection,
    identities: Identities,
    mark: Mark,
    pace: Pace,
    clock: Clock,
    /// Stamp of the latest commit, in microseconds.
    last: i64,
    waiting: Arc<Waiting>,
    committed: watch::Sender<DateTime<Utc>>,
    moments: Arc<Moments>,
    checkpoints: Option<Checkpoints>,
    alarm: Arc<Alarm>,
    disk: Arc<Disk>,
}

type Reply = oneshot::Sender<Result<Appended, StoreError>>;

impl Writer {
    fn run(&mut self, mut receiver: mpsc::Receiver<Command>) {
        let mut held = None;
        let mut stopping = false;
        while let Some(command) = held.take().or_else(|| {
            if stopping {
                receiver.try_recv().ok()
            } else {
                receiver.blocking_recv()
            }
        }) {
            match command {
                Command::Append { prepared, reply } => held = self.append(prepared, reply, &mut receiver),
                Command::Rates { rates, reply } => self.rates(&rates, reply),
                Command::Annotate { notes, reply } => self.annotate(&notes, reply),
                Command::Tidy => {}
                Command::Stop => {
                    stopping = true;
                    receiver.close();
                }
            }
            self.tidy();
        }
        if !self.checkpoints.take().is_some_and(Checkpoints::finish) {
            self.waiting.leave_unsaved();
        }
    }

    /// Gathers waiting groups of one delivery into one commit; hands back the first command of another kind.
    fn append(&mut self, prepared: Prepared, reply: Reply, receiver: &mut mpsc::Receiver<Command>) -> Option<Command> {
        let mut size = prepared.size();
        let delivery = prepared.delivery;
        let (mut groups, mut replies) = (vec![prepared], vec![reply]);
        let mut held = None;
        while size.events < GROUP {
            match receiver.try_recv() {
                Ok(Command::Append { prepared, reply })
                    if prepared.delivery == delivery && size.bytes + prepared.size().bytes <= GROUP_BYTES =>
                {
                    size.events += prepared.size().events;
                    size.bytes += prepared.size().bytes;
                    groups.push(prepared);
                    replies.push(reply);
                }
                Ok(other) => {
                    held = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        match self.commit(&groups) {
            Ok(answers) => replies
                .into_iter()
                .zip(answers)
                .for_each(|(reply, answer)| drop(reply.send(Ok(answer)))),
            Err(error) => refuse(error, replies),
        }
        self.waiting.remove(size);
        held
    }

    fn commit(&mut self, groups: &[Prepared]) -> Result<Vec<Appended>, StoreError> {
        let stamp = self.moments.stamp(|| (self.clock)().timestamp_micros());
        let outcome = self.commit_at(groups, stamp);
        if self.last != stamp {
            self.moments.withdraw(self.last);
        }
        self.alarm.heed(&outcome);
        self.disk.note_commit(outcome)
    }

    fn commit_at(&mut self, groups: &[Prepared], stamp: i64) -> Result<Vec<Appended>, StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        // Groups that come by themselves may change what the commit before has shown.
        let delivery = groups.first().and_then(|group| group.delivery);
        let shown = delivery.map_or(self.last, |delivery| delivery.shown);
        let (outcomes, fresh) = append::write_groups(&transaction, &self.identities, groups, stamp, shown)?;
        transaction.commit()?;
        let received_at = instant(stamp)?;
        if !fresh.is_empty() {
            self.last = stamp;
            self.mark.note(stamp);
            self.pace.look(received_at);
            fresh.iter().for_each(|id| self.identities.remember(id));
            self.committed.send_replace(received_at);
        }
        Ok(outcomes
            .into_iter()
            .map(|outcomes| Appended { outcomes, received_at })
            .collect())
    }

    /// Adds rates in a commit of their own.
    fn rates(&mut self, rates: &[Rate], reply: oneshot::Sender<Result<RatesAdded, StoreError>>) {
        let outcome = self.alone(|transaction, stamp| {
            let added = rates::write(transaction, rates, stamp)?;
            Ok((added, added.new + added.replaced > 0))
        });
        let outcome = outcome.map(|(added, received_at)| RatesAdded { received_at, ..added });
        answer(reply, outcome);
        self.waiting.remove(Size::of(rates));
    }

    /// Adds and retracts annotations in a commit of their own.
    fn annotate(&mut self, notes: &[Note], reply: oneshot::Sender<Result<Annotated, StoreError>>) {
        let outcome = self.alone(|transaction, stamp| {
            let done = annotations::write(transaction, notes, stamp)?;
            Ok((done, done.changed > 0))
        });
        let outcome = outcome.map(|(done, received_at)| Annotated { received_at, ..done });
        answer(reply, outcome);
        self.waiting.remove(Size::of(notes));
    }

    /// A commit without events. What `write` does tells whether anything changed; if so the stamp is the commit's.
    fn alone<T>(
        &mut self,
        write: impl FnOnce(&Connection, i64) -> Result<(T, bool), StoreError>,
    ) -> Result<(T, Option<DateTime<Utc>>), StoreError> {
        let stamp = self.moments.stamp(|| (self.clock)().timestamp_micros());
        let outcome = self.alone_at(stamp, write);
        if self.last != stamp {
            self.moments.withdraw(self.last);
        }
        self.alarm.heed(&outcome);
        self.disk.note_commit(outcome)
    }

    fn alone_at<T>(
        &mut self,
        stamp: i64,
        write: impl FnOnce(&Connection, i64) -> Result<(T, bool), StoreError>,
    ) -> Result<(T, Option<DateTime<Utc>>), StoreError> {
        let received_at = instant(stamp)?;
        let transaction = self.connection.unchecked_transaction()?;
        let (outcome, changed) = write(&transaction, stamp)?;
        if changed {
            let params = vec![
                ("stamp", Param::Int(stamp)),
                ("events", Param::Int(0)),
                ("first", Param::Int(stamp)),
                ("last", Param::Int(stamp)),
                ("shown", Param::Int(self.last)),
            ];
            folding::run(&transaction, &query!("ingest/commit"), &params)?;
        }
        transaction.commit()?;
        if !changed {
            return Ok((outcome, None));
        }
        self.last = stamp;
        self.mark.note(stamp);
        self.committed.send_replace(received_at);
        Ok((outcome, Some(received_at)))
    }

    /// Work between commits that keeps them short: segments of identities and checkpoints.
    fn tidy(&mut self) {
        if self.identities.segment_due()
            && let Err(error) = self.identities.write_segment(&self.connection)
        {
            tracing::error!(%error, "a segment of identities could not be written");
        }
        if let Some(checkpoints) = &self.checkpoints {
            checkpoints.look();
        }
    }
}

/// The first caller learns the error itself, the others that nothing of theirs was taken.
fn refuse(error: StoreError, replies: Vec<Reply>) {
    let mut replies = replies.into_iter();
    if let Some(first) = replies.next() {
        answer(first, Err(error));
    }
    replies.for_each(|reply| drop(reply.send(Err(StoreError::Busy))));
}

/// Answers a caller. A failure is logged once, by the caller; here only where that one has gone.
fn answer<T>(reply: oneshot::Sender<Result<T, StoreError>>, outcome: Result<T, StoreError>) {
    if let Err(Err(error)) = reply.send(outcome) {
        tracing::error!(%error, "a commit failed whose sender has gone; nothing of it was taken");
    }
}
