//! What the jobs do with the store: steps that the stop can interrupt.

use super::folding::FoldReport;
use crate::store::{Store, StoreError, lock};

impl Store {
    /// Folds as [`Store::fold`], unless the disk is full; interrupted when the server stops.
    ///
    /// # Errors
    /// As [`Store::fold`], [`StoreError::NoRoom`], and [`StoreError::Stopped`] where the server stops.
    pub fn fold_step(&self, most: usize) -> Result<Option<FoldReport>, StoreError> {
        self.shared.disk.admit_work()?;
        self.interruptible(|| self.fold(most))
    }

    /// Puts the cube together as [`Store::compact_cells`]; interrupted when the server stops.
    ///
    /// # Errors
    /// As [`Store::compact_cells`], [`StoreError::NoRoom`], and [`StoreError::Stopped`] where the server stops.
    pub fn compact_step(&self) -> Result<bool, StoreError> {
        self.shared.disk.admit_work()?;
        self.interruptible(|| self.compact_cells())
    }

    /// Works on the folding connection until the stop.
    fn interruptible<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let stop = &self.shared.stop;
        if stop.has_passed() {
            return Err(StoreError::Stopped);
        }
        let handle = lock(&self.shared.folding).interrupt_handle();
        let watched = self.shared.watch.over(stop.clone(), handle);
        let done = work();
        drop(watched);
        self.shared.alarm.heed(&done);
        match done {
            Err(_) if stop.has_passed() => {
                // The rollback may have been interrupted too: what is still to be saved gets a connection without one.
                let mut folding = lock(&self.shared.folding);
                *folding = folding.try_clone()?;
                Err(StoreError::Stopped)
            }
            done => done,
        }
    }
}
