//! The disk under the data folder: whether it takes writes, and whether there is room left.
//!
//! A write of DuckDB that fails for lack of room can make the open database unusable. So a small file is written and
//! synced every few seconds, and new events are refused before the room is used up. The files of the ledger must stay,
//! too.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use super::alarm::Alarm;
use super::files::Files;
use crate::store::sql::connect;
use crate::store::{StoreError, StoreOptions, lock};

/// How often the room that is left is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How many looks there are to one file that is written.
const LOOKS_PER_WRITE: u32 = 15;
/// Bytes of that file.
const PROBE_BYTES: usize = 4096;
/// The part of a small disk that must stay free, where the setting asks for more than that.
const PART: u64 = 10;
/// How long the disk may take for a check before that is reported.
const HANGS: Duration = Duration::from_secs(10);
/// How long a failed commit is reported, unless another one succeeds before.
const FAILED_FOR: Duration = Duration::from_secs(60);

/// How DuckDB begins when the log takes no commit.
const UNWRITTEN: &str = "TransactionContext Error: Failed to commit: Could not write";

/// What is known of the disk.
pub struct Disk {
    folder: PathBuf,
    /// Bytes that must stay free.
    headroom: u64,
    state: Mutex<State>,
    /// The files of the ledger, once they are open.
    files: OnceLock<Files>,
}

#[derive(Default)]
struct State {
    /// Why a file could not be written.
    unwritable: Option<String>,
    room: Room,
    /// Bytes that a checkpoint may write; nothing while they are not known.
    left: Option<u64>,
    /// When a commit failed.
    failed: Option<Instant>,
    /// When the disk has last answered.
    answered: Option<Instant>,
}

/// How much of the disk is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Room {
    #[default]
    Enough,
    /// Nothing new is taken, so that what was taken can be worked on.
    Low,
    /// Nothing is written that can wait.
    Out,
}

impl State {
    /// How long the disk has not answered, where that is long.
    fn hangs_for(&self) -> Option<Duration> {
        let time = self.answered?.elapsed();
        (time > HANGS).then_some(time)
    }
}

impl Room {
    /// The room that is left with a number of free bytes and a log of a size.
    fn of(free: u64, headroom: u64, log: u64) -> Self {
        match free {
            free if free < headroom / 2 => Room::Out,
            // The next checkpoint writes what the log holds before it can drop the log.
            free if free < headroom.saturating_add(log) => Room::Low,
            _ => Room::Enough,
        }
    }
}

/// The thread that looks after a disk; it ends when this is dropped.
pub struct Looking {
    _end: Sender<()>,
}

impl Disk {
    /// Looks once, and from then on from a thread.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(options: &StoreOptions, alarm: &Arc<Alarm>) -> Result<(Arc<Self>, Looking), StoreError> {
        let disk = Arc::new(Disk {
            folder: options.data_dir.clone(),
            headroom: options.free_mib.saturating_mul(1 << 20),
            state: Mutex::default(),
            files: OnceLock::new(),
        });
        disk.look();
        disk.write();
        let (end, over) = channel::<()>();
        let (own, post, alarm) = (disk.clone(), alarm.post("disk"), alarm.clone());
        std::thread::Builder::new().name("disk".into()).spawn(move || {
            let mut looks = 0_u32;
            while over.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                looks = looks.wrapping_add(1);
                if let Some(gone) = own.files().and_then(Files::gone) {
                    alarm.raise(gone.to_string());
                }
                own.look();
                if looks.is_multiple_of(LOOKS_PER_WRITE) {
                    own.write();
                }
            }
            post.leave();
        })?;
        Ok((disk, Looking { _end: end }))
    }

    /// Watches the files of the ledger from now on, one of them the mark: they are open.
    ///
    /// # Errors
    /// When they cannot be looked at.
    pub fn watch_files(&self, mark: &'static str) -> Result<(), StoreError> {
        let files = Files::opened(&self.folder, mark)?;
        self.files.get_or_init(|| files);
        Ok(())
    }

    /// The files of the ledger, once they are open.
    pub fn files(&self) -> Option<&Files> {
        self.files.get()
    }

    /// Looks how much room there is.
    fn look(&self) {
        let Ok(disk) = rustix::fs::statvfs(&self.folder) else {
            return;
        };
        let log = connect::log_bytes(&self.folder);
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        let headroom = self.headroom.min(bytes(disk.f_blocks) / PART);
        let free = bytes(disk.f_bavail);
        let room = Room::of(free, headroom, log);
        let mut state = lock(&self.state);
        state.left = Some(free.saturating_sub(headroom / 2));
        let before = std::mem::replace(&mut state.room, room);
        if room != Room::Enough && before == Room::Enough {
            tracing::error!(folder = %self.folder.display(), "the disk is nearly full: no new events are accepted");
        }
    }

    /// Writes a small file, to see whether that can be done.
    fn write(&self) {
        let unwritable = probe(&self.folder).err().map(|error| error.to_string());
        let mut state = lock(&self.state);
        if let (Some(error), None) = (&unwritable, &state.unwritable) {
            tracing::error!(error, folder = %self.folder.display(), "the data folder cannot be written");
        }
        state.unwritable = unwritable;
        state.answered = Some(Instant::now());
    }

    /// Notes the outcome of a commit. One that could not be written becomes a lack of room.
    pub fn note_commit<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        lock(&self.state).failed = outcome.is_err().then(Instant::now);
        match outcome {
            Err(StoreError::Database(error)) if error.to_string().starts_with(UNWRITTEN) => {
                tracing::error!(%error, "a commit could not be written");
                Err(StoreError::NoRoom("the data folder accepts no commits".to_owned()))
            }
            outcome => outcome,
        }
    }

    /// Whether a log of a size in bytes should be checkpointed: if it is longer than `most`, or earlier if that makes
    /// room. Never if the checkpoint would fail for lack of room.
    pub fn wants_checkpoint(&self, log: u64, most: u64) -> bool {
        let state = lock(&self.state);
        let most = if state.room == Room::Enough { most } else { most / 64 };
        log > most && state.left.is_none_or(|left| left >= log)
    }

    /// Refuses new events while they could not be kept.
    ///
    /// # Errors
    /// [`StoreError::NoRoom`] with the reason.
    pub fn admit(&self) -> Result<(), StoreError> {
        let state = lock(&self.state);
        match (&state.unwritable, state.room) {
            (Some(error), _) => Err(StoreError::NoRoom(format!(
                "the data folder cannot be written: {error}"
            ))),
            (None, Room::Low | Room::Out) => Err(StoreError::NoRoom("the disk is nearly full".to_owned())),
            (None, Room::Enough) => Ok(()),
        }
    }

    /// Refuses work that can wait while there is hardly room for what was promised.
    ///
    /// # Errors
    /// [`StoreError::NoRoom`] with the reason.
    pub fn admit_work(&self) -> Result<(), StoreError> {
        match lock(&self.state).room {
            Room::Out => Err(StoreError::NoRoom("the disk is full".to_owned())),
            Room::Low | Room::Enough => Ok(()),
        }
    }

    /// What is wrong, in a sentence.
    pub fn trouble(&self) -> Option<String> {
        if let Some(time) = lock(&self.state).hangs_for() {
            return Some(format!("the disk has not answered for {} s", time.as_secs()));
        }
        if let Err(StoreError::NoRoom(reason)) = self.admit() {
            return Some(reason);
        }
        let failed = lock(&self.state).failed?;
        (failed.elapsed() < FAILED_FOR).then(|| "the last commit has failed".to_owned())
    }
}

fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join("botledger.probe");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)?;
    let written = file.write_all(&[0; PROBE_BYTES]).and_then(|()| file.sync_all());
    drop(file);
    std::fs::remove_file(&path)?;
    written
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{HANGS, Room, State};

    #[test]
    fn a_disk_that_does_not_answer_is_told() {
        let after = |time| State {
            answered: Instant::now().checked_sub(time),
            ..State::default()
        };
        assert_eq!(after(HANGS / 2).hangs_for(), None);
        assert_eq!(after(HANGS * 2).hangs_for().map(|time| time.as_secs()), Some(20));
        assert_eq!(State::default().hangs_for(), None);
    }

    #[test]
    fn new_events_are_refused_while_the_log_still_fits_and_folds_before_nothing_is_left() {
        let room = |free, log| Room::of(free, 100, log);
        assert_eq!(room(150, 50), Room::Enough);
        assert_eq!(room(149, 50), Room::Low);
        assert_eq!(room(50, 0), Room::Low);
        assert_eq!(room(49, 0), Room::Out);
    }
}
