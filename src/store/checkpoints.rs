//! Checkpoints: what the log holds goes into the tables, on a thread and a connection of their own.
//!
//! While one is made, questions go on; commits and folds may wait until it is done: DuckDB lets others write only where
//! it does not reclaim the room of deleted rows, which folds leave behind all the time. Measured on an idle machine of
//! two cores: 0.9 to 1 s for 64 MiB of log.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use duckdb::Connection;

use super::disk::Disk;
use super::health::Alarm;
use super::{StoreError, lock, schema};
use crate::query;

/// Bytes of log at which a checkpoint is due. A start after a kill replays about 30 MiB a second.
const LOG_BYTES: u64 = 32 << 20;
/// How many times as long the log may get while a checkpoint is under way; then commits wait for it.
const BEHIND: u64 = 2;
/// How often the thread looks by itself: while the disk is nearly full no commit wakes it, and a checkpoint makes room.
const LOOK: Duration = Duration::from_secs(1);
/// How DuckDB says that others are writing; the checkpoint is tried again.
const OTHERS_WRITE: &str = "Cannot CHECKPOINT";

/// The checkpoints of an open database; their thread ends when this is dropped.
pub(super) struct Checkpoints {
    maker: Arc<Maker>,
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What both the thread and the writer make checkpoints with.
struct Maker {
    /// Held during a checkpoint: DuckDB refuses a second one instead of waiting.
    connection: Mutex<Connection>,
    folder: PathBuf,
    mark: File,
    alarm: Arc<Alarm>,
    disk: Arc<Disk>,
}

impl Checkpoints {
    /// Starts the thread; with each checkpoint the mark is synced. The thread must not end by itself.
    pub fn start(
        connection: Connection,
        folder: &Path,
        mark: File,
        (alarm, disk): (&Arc<Alarm>, &Arc<Disk>),
    ) -> Result<Self, StoreError> {
        let maker = Arc::new(Maker {
            connection: Mutex::new(connection),
            folder: folder.to_owned(),
            mark,
            alarm: alarm.clone(),
            disk: disk.clone(),
        });
        let (wake, woken) = sync_channel(1);
        let (own, post) = (maker.clone(), alarm.post("write-ahead-log"));
        let thread = std::thread::Builder::new()
            .name("write-ahead-log".into())
            .spawn(move || {
                own.run(&woken);
                post.leave();
            })?;
        Ok(Checkpoints {
            maker,
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Has a checkpoint made where one is due, and waits for it where it is late.
    pub fn look(&self) {
        if self.maker.is_due(BEHIND * LOG_BYTES) {
            self.maker.make_due(BEHIND * LOG_BYTES);
        } else if self.maker.is_due(LOG_BYTES)
            && let Some(wake) = &self.wake
        {
            // One that waits already will see the same log.
            wake.try_send(()).ok();
        }
    }

    /// The last one, after which the thread has ended; true if it was made.
    pub fn finish(mut self) -> bool {
        self.end();
        self.maker.make(&lock(&self.maker.connection))
    }

    fn end(&mut self) {
        drop(self.wake.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the checkpoints ended abnormally");
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.end();
    }
}

impl Maker {
    fn run(&self, woken: &Receiver<()>) {
        while woken.recv_timeout(LOOK) != Err(RecvTimeoutError::Disconnected) {
            self.make_due(LOG_BYTES);
        }
    }

    /// Whether the log is longer than `most` bytes, or less where that makes room.
    fn is_due(&self, most: u64) -> bool {
        self.disk.wants_checkpoint(schema::log_bytes(&self.folder), most)
    }

    /// Makes a checkpoint if one is still due after the one that is under way.
    fn make_due(&self, most: u64) {
        let connection = lock(&self.connection);
        if self.is_due(most) {
            self.make(&connection);
        }
    }

    /// Puts what the log holds into the tables; true if that was done.
    fn make(&self, connection: &Connection) -> bool {
        let done = connection.execute_batch(query!("ingest/checkpoint").sql);
        let done = done.map_err(StoreError::from).and_then(|()| Ok(self.mark.sync_data()?));
        self.alarm.heed(&done);
        match &done {
            Err(StoreError::Database(error)) if error.to_string().contains(OTHERS_WRITE) => {}
            Err(error) => tracing::warn!(%error, "the checkpoint is put off"),
            Ok(()) => {}
        }
        done.is_ok()
    }
}
