//! The files of an open ledger: whether they are still those that were opened.
//!
//! A file that is deleted or replaced under a running program is written on without a complaint, and gone when the
//! program ends. So what lies at the paths is compared with what was opened there.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Store, StoreError, lock, mark, schema};

/// Device and inode of a file.
type Identity = (u64, u64);

/// What is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} was deleted, moved or replaced while it was in use", self.words())]
pub(super) enum Gone {
    Database,
    Log,
    Mark,
}

impl Gone {
    fn words(self) -> String {
        match self {
            Gone::Database => format!("the database {}", schema::FILE),
            Gone::Log => format!("the log {}.wal", schema::FILE),
            Gone::Mark => format!("the mark {}", mark::FILE),
        }
    }
}

/// The files that were opened.
pub(super) struct Files {
    folder: PathBuf,
    database: Identity,
    mark: Identity,
    /// Odd while a checkpoint is made: then the log comes and goes.
    turn: AtomicU64,
    /// The log that was seen last, and in which turn.
    log: Mutex<Option<(u64, Identity)>>,
    /// Whether it has once not been there.
    log_was_lost: AtomicBool,
}

impl Files {
    /// The files as they lie in the folder now, just opened.
    ///
    /// # Errors
    /// When they cannot be looked at.
    pub fn opened(folder: &Path) -> io::Result<Self> {
        Ok(Files {
            folder: folder.to_owned(),
            database: identity(&folder.join(schema::FILE))?,
            mark: identity(&folder.join(mark::FILE))?,
            turn: AtomicU64::new(0),
            log: Mutex::default(),
            log_was_lost: AtomicBool::new(false),
        })
    }

    /// The first of them that is not at its path any more. What cannot be looked at may be there.
    pub fn gone(&self) -> Option<Gone> {
        if self.lacks(schema::FILE, self.database) {
            return Some(Gone::Database);
        }
        let lost = self.lost_log();
        if self.log_was_lost.fetch_or(lost, Ordering::SeqCst) || lost {
            return Some(Gone::Log);
        }
        self.lacks(mark::FILE, self.mark).then_some(Gone::Mark)
    }

    fn lacks(&self, file: &str, opened: Identity) -> bool {
        match identity(&self.folder.join(file)) {
            Ok(found) => found != opened,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Whether the log is not the one that was seen before, with no checkpoint in between.
    fn lost_log(&self) -> bool {
        let mut seen = lock(&self.log);
        let turn = self.turn.load(Ordering::SeqCst);
        let found = identity(&schema::logs(&self.folder)[0]);
        if turn % 2 == 1 || turn != self.turn.load(Ordering::SeqCst) {
            return false;
        }
        let before = seen.filter(|(of, _)| *of == turn).map(|(_, log)| log);
        let lost = match &found {
            Ok(found) => before.is_some_and(|before| before != *found),
            Err(error) => before.is_some() && error.kind() == io::ErrorKind::NotFound,
        };
        if let Ok(found) = found {
            *seen = Some((turn, found));
        }
        lost
    }

    /// A checkpoint begins; it ends when the returned is dropped.
    pub fn checkpoint(&self) -> Checkpoint<'_> {
        self.turn.fetch_add(1, Ordering::SeqCst);
        Checkpoint(&self.turn)
    }

    /// Where the database lies whose last checkpoint was made: where it was moved to, or a copy in the folder where it
    /// has no name any more.
    ///
    /// # Errors
    /// When it is not open any more or cannot be copied.
    pub fn save_database(&self) -> io::Result<PathBuf> {
        let open = fs::read_dir("/proc/self/fd")?.flatten().map(|entry| entry.path());
        let is_database = |path: &PathBuf| identity(path).is_ok_and(|found| found == self.database);
        let open = open.into_iter().find(is_database).ok_or(io::ErrorKind::NotFound)?;
        if fs::metadata(&open)?.nlink() > 0 {
            return fs::read_link(open);
        }
        let names = (1..).map(|number| self.folder.join(format!("{}.saved-{number}", schema::FILE)));
        let path = names.into_iter().find(|path| !path.exists());
        let path = path.ok_or(io::ErrorKind::AlreadyExists)?;
        let mut copy = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        io::copy(&mut File::open(open)?, &mut copy)?;
        copy.sync_all()?;
        Ok(path)
    }
}

/// A checkpoint that is being made.
pub(super) struct Checkpoint<'a>(&'a AtomicU64);

impl Checkpoint<'_> {
    /// The last one: the log may go for good.
    pub fn leave_open(self) {
        std::mem::forget(self);
    }
}

impl Drop for Checkpoint<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Store {
    /// Sees that the database lies where it was opened, and the log if it is still needed. One that was deleted meanwhile is copied into the folder, if it
    /// was closed whole.
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
            false => Err(io::Error::other("the last checkpoint was not made")),
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
}

fn identity(path: &Path) -> io::Result<Identity> {
    let found = fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}
