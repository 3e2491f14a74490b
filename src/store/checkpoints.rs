//! Checkpoints: what the log holds goes into the tables, on a thread and a connection of their own, so that commits go
//! on meanwhile.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use duckdb::Connection;

use super::disk::Disk;
use super::health::Alarm;
use super::{StoreError, schema};
use crate::query;

/// Bytes of log at which a checkpoint is due. A start after a kill replays about 30 MiB a second.
const LOG_BYTES: u64 = 32 << 20;
/// How many times as long the log may get while a checkpoint is under way; then commits wait for it.
const BEHIND: u64 = 2;

/// The thread of the checkpoints; it ends when this is dropped.
pub(super) struct Checkpoints {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    log: PathBuf,
    disk: Arc<Disk>,
}

impl Checkpoints {
    /// Starts the thread; with each checkpoint it also syncs the mark. It must not end by itself.
    pub fn start(
        connection: Connection,
        folder: &Path,
        mark: File,
        (alarm, disk): (&Arc<Alarm>, &Arc<Disk>),
    ) -> Result<Self, StoreError> {
        let log = schema::log(folder);
        let (wake, woken) = sync_channel(1);
        let own = Own {
            connection,
            log: log.clone(),
            mark,
            alarm: alarm.clone(),
            disk: disk.clone(),
        };
        let post = alarm.post("write-ahead-log");
        let thread = std::thread::Builder::new()
            .name("write-ahead-log".into())
            .spawn(move || {
                own.run(&woken);
                post.leave();
            })?;
        Ok(Checkpoints {
            wake: Some(wake),
            thread: Some(thread),
            log,
            disk: disk.clone(),
        })
    }

    /// Has a checkpoint made where one is due; true where it is so late that commits have to wait for it.
    pub fn look(&self) -> bool {
        let length = length(&self.log);
        if self.disk.wants_checkpoint(length, LOG_BYTES)
            && let Some(wake) = &self.wake
        {
            // One that waits already will see the same log.
            wake.try_send(()).ok();
        }
        self.disk.wants_checkpoint(length, BEHIND * LOG_BYTES)
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.wake.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread of the checkpoints ended abnormally");
        }
    }
}

/// What the thread works with.
struct Own {
    connection: Connection,
    log: PathBuf,
    mark: File,
    alarm: Arc<Alarm>,
    disk: Arc<Disk>,
}

impl Own {
    fn run(&self, woken: &Receiver<()>) {
        while woken.recv().is_ok() {
            if !self.disk.wants_checkpoint(length(&self.log), LOG_BYTES) {
                continue;
            }
            let done = checkpoint(&self.connection).and_then(|()| Ok(self.mark.sync_data()?));
            self.alarm.heed(&done);
            if let Err(error) = done {
                tracing::warn!(%error, "the checkpoint is put off");
            }
        }
    }
}

fn length(log: &Path) -> u64 {
    std::fs::metadata(log).map_or(0, |log| log.len())
}

/// Puts what the log holds into the tables.
pub(super) fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch(query!("ingest/checkpoint").sql)?)
}
