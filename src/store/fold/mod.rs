//! The fold, on its own connection: events become facts, and what cannot be folded is set aside.

pub(super) mod aside;
pub(super) mod quarantine;
pub(super) mod refolding;
mod step;
pub(super) mod target;
pub(super) mod touching;
pub(super) mod window;

use chrono::{DateTime, Utc};

use super::{Store, StoreError, lock, sql};
use crate::model::{Param, Params};
use crate::query;
use quarantine::{SetAside, SetAsideDetail, SetAsideState};
use window::FoldReport;

impl Store {
    /// Stamp up to which events are folded into facts.
    pub fn folded_to(&self) -> DateTime<Utc> {
        *self.shared.folded.borrow()
    }

    /// Folds the next window of at most about `most` events; `None` when nothing is waiting.
    ///
    /// # Errors
    /// When a query or a computation fails; nothing of the window is kept then.
    pub fn fold(&self, most: usize) -> Result<Option<FoldReport>, StoreError> {
        let go_on = || match self.shared.stop.has_passed() {
            true => Err(StoreError::Stopped),
            false => Ok(()),
        };
        let connection = lock(&self.shared.folding);
        let Some((report, quarantine)) = step::fold(&connection, most, &self.shared.rules, &go_on)? else {
            return Ok(None);
        };
        *lock(&self.shared.quarantine) = quarantine;
        self.shared.folded.send_replace(report.window.upto);
        self.shared.writer.nudge();
        Ok(Some(report))
    }

    /// Folds as [`Store::fold`], unless the disk is full; interrupted when the server stops.
    ///
    /// # Errors
    /// As [`Store::fold`], [`StoreError::NoRoom`], and [`StoreError::Stopped`] where the server stops.
    pub fn fold_step(&self, most: usize) -> Result<Option<FoldReport>, StoreError> {
        self.interruptible(|| self.fold(most))
    }

    /// Adds up the rows of the rollup where there are too many, unless the disk is full; true if there was need to.
    /// Interrupted when the server stops.
    ///
    /// # Errors
    /// What the database said, [`StoreError::NoRoom`], and [`StoreError::Stopped`] where the server stops. Everything
    /// stays as it was then.
    pub fn compact_step(&self) -> Result<bool, StoreError> {
        self.interruptible(|| step::compact(&lock(&self.shared.folding)))
    }

    /// Throws away projections and facts; the next folds make them again from the events.
    ///
    /// # Errors
    /// When the database fails; everything stays as it was then.
    pub fn reset_facts(&self) -> Result<(), StoreError> {
        let connection = lock(&self.shared.folding);
        *lock(&self.shared.quarantine) = step::reset(&connection)?;
        self.shared.folded.send_replace(DateTime::UNIX_EPOCH);
        Ok(())
    }

    /// Works on the folding connection until the stop.
    fn interruptible<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.shared.disk.admit_work()?;
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

    /// Everything that is left out of the facts, the oldest first. Costs no read.
    pub fn quarantined(&self) -> Vec<SetAside> {
        lock(&self.shared.quarantine).clone()
    }

    /// What the ledger holds of one entity; `None` where nothing with this id is set aside. Blocking.
    ///
    /// # Errors
    /// When the database fails.
    pub fn show_set_aside(&self, id: &str) -> Result<Option<SetAsideDetail>, StoreError> {
        let Some(entity) = self.quarantined().into_iter().find(|entity| entity.id == id) else {
            return Ok(None);
        };
        let events = self.rows(&query!("serve/set_aside_events"), &entity.params())?;
        quarantine::detail(entity, &events).map(Some)
    }

    /// Leaves an entity out for good, whatever changes, until it is taken back; false where nothing with this id is
    /// set aside. Blocking, behind the fold.
    ///
    /// # Errors
    /// When the database fails, or the deadline has passed before the fold has made way.
    pub fn drop_set_aside(&self, id: &str) -> Result<bool, StoreError> {
        self.mark_set_aside(id, SetAsideState::Dropped)
    }

    /// Has the next fold try an entity again, with the next events or within a minute: then it is a fact once more, or
    /// set aside anew. False where nothing with this id is set aside. Blocking, behind the fold.
    ///
    /// # Errors
    /// When the database fails, or the deadline has passed before the fold has made way.
    pub fn retry_set_aside(&self, id: &str) -> Result<bool, StoreError> {
        self.mark_set_aside(id, SetAsideState::Retry)
    }

    fn mark_set_aside(&self, id: &str, state: SetAsideState) -> Result<bool, StoreError> {
        let connection = lock(&self.shared.folding);
        // Whoever was told that it took too long is not surprised later.
        self.check()?;
        let params: Params = vec![
            ("id", Param::Text(id.to_owned())),
            ("state", Param::Text(state.as_str().to_owned())),
        ];
        sql::run(&connection, &query!("jobs/mark_set_aside"), &params)?;
        let entities = quarantine::load(&connection)?;
        let found = entities.iter().any(|entity| entity.id == id);
        *lock(&self.shared.quarantine) = entities;
        Ok(found)
    }
}
