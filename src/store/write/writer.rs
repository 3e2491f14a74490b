//! The writer: one thread with its own connection. While the store is open, nothing else changes events,
//! identities, rates, annotations and commits. It carries out commands one after the other.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use duckdb::Connection;
use tokio::sync::{mpsc, watch};

use super::annotations;
use super::append::{self, Appended};
use super::checkpoints::Checkpoints;
use super::identity::Identities;
use super::moments::Moments;
use super::pace::Pace;
use super::prepared::{Prepared, Size};
use super::queue::{Command, Handle, QUEUE, Reply, Waiting};
use super::rates;
use crate::model::Clock;
use crate::query;
use crate::store::folder::mark::Mark;
use crate::store::observe::alarm::Alarm;
use crate::store::observe::disk::Disk;
use crate::store::{StoreError, StoreOptions, sql};

/// Events that one commit takes in at most; a single larger group still goes whole. From about
/// 120,000 rows on DuckDB writes them to the table at once instead of to its log first.
const GROUP: usize = 150_000;
/// Bytes of events that one commit takes in at most; a single larger group still goes whole.
const GROUP_BYTES: usize = 32 << 20;

/// A started writer.
pub struct Started {
    pub handle: Handle,
    pub committed: watch::Receiver<DateTime<Utc>>,
    pub moments: Arc<Moments>,
}

/// Reads the identities and starts the thread.
pub fn start(
    connection: Connection,
    options: &StoreOptions,
    clock: Clock,
    (alarm, disk): (&Arc<Alarm>, &Arc<Disk>),
) -> Result<Started, StoreError> {
    let mark = Mark::keep(&connection, &options.data_dir)?;
    let identities = Identities::load(&connection)?;
    let last: i64 = sql::row(&connection, &query!("ingest/last_commit"), [], |row| row.get(0))?;
    let moments = Arc::new(Moments::since(last));
    let (committed_sender, committed) = watch::channel(sql::instant(last)?);
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
                Command::Rates { rates, reply } => {
                    self.alone(Size::of(&rates), reply, |transaction, stamp| {
                        rates::write(transaction, &rates, stamp)
                    });
                }
                Command::Annotate { notes, reply } => {
                    self.alone(Size::of(&notes), reply, |transaction, stamp| {
                        annotations::write(transaction, &notes, stamp)
                    });
                }
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

    /// Gathers waiting groups of one bulk load, or of none, into one commit; hands back the first command of another
    /// kind.
    fn append(
        &mut self,
        prepared: Prepared,
        reply: Reply<Appended>,
        receiver: &mut mpsc::Receiver<Command>,
    ) -> Option<Command> {
        let mut size = prepared.size();
        let load = prepared.load;
        let (mut groups, mut replies) = (vec![prepared], vec![reply]);
        let mut held = None;
        while size.events < GROUP {
            match receiver.try_recv() {
                Ok(Command::Append { prepared, reply })
                    if prepared.load == load && size.bytes + prepared.size().bytes <= GROUP_BYTES =>
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
        match self.stamped(|writer, stamp| writer.commit(&groups, stamp)) {
            Ok(answers) => replies
                .into_iter()
                .zip(answers)
                .for_each(|(reply, answer)| drop(reply.send(Ok(answer)))),
            Err(error) => refuse(error, replies),
        }
        self.waiting.remove(size);
        held
    }

    /// Makes a commit under the next stamp, which is taken back where nothing was kept.
    fn stamped<T>(&mut self, commit: impl FnOnce(&mut Self, i64) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let stamp = self.moments.stamp(|| (self.clock)().timestamp_micros());
        let outcome = commit(self, stamp);
        if self.last != stamp {
            self.moments.withdraw(self.last);
        }
        self.alarm.heed(&outcome);
        self.disk.note_commit(outcome)
    }

    fn commit(&mut self, groups: &[Prepared], stamp: i64) -> Result<Vec<Appended>, StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        // Groups that come by themselves may change what the commit before has shown.
        let load = groups.first().and_then(|group| group.load);
        let shown = load.map_or(self.last, |load| load.shown);
        let (outcomes, fresh) = append::write_groups(&transaction, &self.identities, groups, stamp, shown)?;
        transaction.commit()?;
        let received_at = sql::instant(stamp)?;
        if !fresh.is_empty() {
            self.pace.look(received_at);
            fresh
                .iter()
                .for_each(|id| self.identities.remember(id.key(), id.content));
            self.publish(stamp, received_at);
        }
        Ok(outcomes
            .into_iter()
            .map(|outcomes| Appended { outcomes, received_at })
            .collect())
    }

    /// Makes a commit without events of what `write` writes, and answers with what it tells: whether anything changed,
    /// too.
    fn alone<T>(
        &mut self,
        size: Size,
        reply: Reply<T>,
        write: impl FnOnce(&Connection, i64) -> Result<(T, bool), StoreError>,
    ) {
        let outcome = self.stamped(|writer, stamp| {
            let transaction = writer.connection.unchecked_transaction()?;
            let (outcome, changed) = write(&transaction, stamp)?;
            if changed {
                append::note_commit(&transaction, stamp, 0, (stamp, stamp), writer.last)?;
            }
            transaction.commit()?;
            if changed {
                writer.publish(stamp, sql::instant(stamp)?);
            }
            Ok(outcome)
        });
        answer(reply, outcome);
        self.waiting.remove(size);
    }

    /// Notes a commit in the mark and tells those who wait for one.
    fn publish(&mut self, stamp: i64, received_at: DateTime<Utc>) {
        self.last = stamp;
        self.mark.note(stamp);
        self.committed.send_replace(received_at);
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
fn refuse(error: StoreError, replies: Vec<Reply<Appended>>) {
    let mut replies = replies.into_iter();
    if let Some(first) = replies.next() {
        answer(first, Err(error));
    }
    replies.for_each(|reply| drop(reply.send(Err(StoreError::Busy))));
}

/// Answers a caller. A failure is logged once, by the caller; here only where that one has gone.
fn answer<T>(reply: Reply<T>, outcome: Result<T, StoreError>) {
    if let Err(Err(error)) = reply.send(outcome) {
        tracing::error!(%error, "a commit failed after its sender had disconnected; nothing of it was stored");
    }
}
