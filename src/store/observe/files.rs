//! The files of an open ledger: whether they are still those that were opened.
//!
//! A file that is deleted or replaced under a running program is written on without a complaint, and gone when the
//! program ends. So the files at the paths are compared with those that were opened there.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::store::lock;
use crate::store::sql::connect;

/// Device and inode of a file.
type Identity = (u64, u64);

/// What is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} was deleted, moved or replaced while it was in use", self.words())]
pub enum Gone {
    Database,
    Log,
    Mark,
}

impl Gone {
    fn words(self) -> String {
        match self {
            Gone::Database => format!("the database {}", connect::DATABASE),
            Gone::Log => format!("the log {}.wal", connect::DATABASE),
            Gone::Mark => "the mark ledger.json".to_owned(),
        }
    }
}

/// The files that were opened.
pub struct Files {
    folder: PathBuf,
    database: Identity,
    /// The name of the mark.
    mark_name: &'static str,
    mark: Identity,
    /// Odd while a checkpoint is made: then the log comes and goes.
    turn: AtomicU64,
    /// The log that was seen last, and in which turn.
    log: Mutex<Option<(u64, Identity)>>,
    /// Whether it has once not been there.
    log_was_lost: AtomicBool,
}

impl Files {
    /// The files in the folder now, just opened.
    ///
    /// # Errors
    /// When they cannot be looked at.
    pub fn opened(folder: &Path, mark: &'static str) -> io::Result<Self> {
        Ok(Files {
            folder: folder.to_owned(),
            database: identity(&folder.join(connect::DATABASE))?,
            mark_name: mark,
            mark: identity(&folder.join(mark))?,
            turn: AtomicU64::new(0),
            log: Mutex::default(),
            log_was_lost: AtomicBool::new(false),
        })
    }

    /// The first of them that is not at its path any more. What cannot be looked at may be there.
    pub fn gone(&self) -> Option<Gone> {
        if self.lacks(connect::DATABASE, self.database) {
            return Some(Gone::Database);
        }
        let lost = self.lost_log();
        if self.log_was_lost.fetch_or(lost, Ordering::SeqCst) || lost {
            return Some(Gone::Log);
        }
        self.lacks(self.mark_name, self.mark).then_some(Gone::Mark)
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
        let found = identity(&connect::logs(&self.folder)[0]);
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
        let names = (1..).map(|number| self.folder.join(format!("{}.saved-{number}", connect::DATABASE)));
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
pub struct Checkpoint<'a>(&'a AtomicU64);

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

fn identity(path: &Path) -> io::Result<Identity> {
    let found = fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}
