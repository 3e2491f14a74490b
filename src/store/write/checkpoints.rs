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
use std::time::{Duration, Instant};

use duckdb::Connection;

use crate::query;
use crate::store::observe::alarm::Alarm;
use crate::store::observe::disk::Disk;
use crate::store::observe::files::{Checkpoint, Files};
use crate::store::sql::connect;
use crate::store::{StoreError, lock};

/// Bytes of log at which a checkpoint is due. A start after a kill replays about 30 MiB a second.
const LOG_BYTES: u64 = 32 << 20;
/// How many times as long the log may get while a checkpoint is under way; then commits wait for it.
const BEHIND: u64 = 2;
/// How often the thread looks by itself: while the disk is nearly full no commit wakes it, and a checkpoint makes room.
const LOOK: Duration = Duration::from_secs(1);
/// How DuckDB says that others are writing; the checkpoint is tried again.
const OTHERS_WRITE: &str = "Cannot CHECKPOINT";
/// How long a late checkpoint and the last one wait for others to end their writing.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often they try in that time.
const RETRY: Duration = Duration::from_millis(20);

/// The checkpoints of an open database; their thread ends when this is dropped.
pub struct Checkpoints {
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
            self.maker.make_due(BEHIND * LOG_BYTES, PATIENCE);
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
        // From now on the log may go for good.
        let last = self.maker.disk.files().map(Files::checkpoint);
        let made = self.maker.make(&lock(&self.maker.connection), PATIENCE);
        last.into_iter().for_each(Checkpoint::leave_open);
        made
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
            self.make_due(LOG_BYTES, Duration::ZERO);
        }
    }

    /// Whether the log is longer than `most` bytes, or less where that makes room.
    fn is_due(&self, most: u64) -> bool {
        self.disk.wants_checkpoint(connect::log_bytes(&self.folder), most)
    }

    /// Makes a checkpoint if one is still due after the one that is under way.
    fn make_due(&self, most: u64, patience: Duration) {
        let connection = lock(&self.connection);
        if self.is_due(most) {
            let _checkpoint = self.disk.files().map(Files::checkpoint);
            self.make(&connection, patience);
        }
    }

    /// Puts what the log holds into the tables; true if that was done. While others write it is tried again for as long
    /// as `patience`.
    fn make(&self, connection: &Connection, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let done = loop {
            match connection.execute_batch(query!("ingest/checkpoint").sql) {
                Err(error) if error.to_string().contains(OTHERS_WRITE) && Instant::now() < end => {
                    std::thread::sleep(RETRY);
                }
                done => break done,
            }
        };
        let done = done.map_err(StoreError::from).and_then(|()| Ok(self.mark.sync_data()?));
        self.alarm.heed(&done);
        match &done {
            Err(StoreError::Database(error)) if patience.is_zero() && error.to_string().contains(OTHERS_WRITE) => {}
            Err(error) => tracing::warn!(%error, "the checkpoint is put off"),
            Ok(()) => {}
        }
        done.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Accept, StoreOptions};

    /// Tries a checkpoint while another connection has changed rows and ends its transaction `writes_for` later.
    fn beside_a_writer(writes_for: Duration, patience: Duration) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let writer = Connection::open(folder.path().join("test.duckdb")).unwrap();
        let rows = "create table t as select range as n from range(1000); begin; update t set n = n + 1";
        writer.execute_batch(rows).unwrap();
        let alarm = Alarm::new();
        let options = StoreOptions {
            data_dir: folder.path().to_owned(),
            memory_mib: 64,
            threads: 1,
            queue_events: 1,
            queue_bytes: 1,
            frame_rows: 1,
            entity_rows: 1,
            query_seconds: 1,
            fold_seconds: 1,
            free_mib: 0,
            accept: Accept::default(),
        };
        let (disk, _looking) = Disk::start(&options, &alarm).unwrap();
        let maker = Maker {
            connection: Mutex::new(writer.try_clone().unwrap()),
            folder: folder.path().to_owned(),
            mark: File::create(folder.path().join("mark")).unwrap(),
            alarm,
            disk,
        };
        let done = std::thread::spawn(move || {
            let connection = lock(&maker.connection);
            maker.make(&connection, patience)
        });
        std::thread::sleep(writes_for);
        writer.execute_batch("commit").unwrap();
        done.join().unwrap()
    }

    #[test]
    fn a_late_checkpoint_waits_for_others_to_end_their_writing() {
        assert!(beside_a_writer(Duration::from_millis(300), Duration::from_secs(60)));
        assert!(!beside_a_writer(Duration::from_secs(1), Duration::ZERO));
    }
}
