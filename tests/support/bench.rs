//! A store of its own that folds when it is told to, and its facts.

use botledger::app::store_options;
use botledger::config::Config;
use botledger::model::Event;
use botledger::store::Store;
use chrono::{DateTime, Utc};
use tempfile::TempDir;

use super::app::{PRESENT, TestClock, config};
use super::ledger::Ledger;

/// An open store on a fresh folder.
pub struct Bench {
    pub store: Store,
    folder: TempDir,
    clock: TestClock,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// On a changed configuration.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::on(tempfile::tempdir().unwrap(), change)
    }

    /// On a folder that another one has left.
    pub fn on(folder: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let clock = TestClock::at(PRESENT);
        let mut config = config(folder.path());
        change(&mut config);
        let store = Store::open(&store_options(&config), clock.clock()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Bench {
            store,
            folder,
            clock,
            runtime,
        }
    }

    /// Commits a group of its own and gives its stamp.
    pub fn append(&self, events: Vec<Event>) -> DateTime<Utc> {
        self.clock.advance(chrono::TimeDelta::seconds(1));
        self.runtime.block_on(self.store.append(events)).unwrap().received_at
    }

    pub fn fold(&self) {
        while self.store.fold(1_000).unwrap().is_some() {}
    }

    /// Throws the facts away and makes them again.
    pub fn rebuild(&self) {
        self.store.reset_facts().unwrap();
        self.fold();
    }

    /// Closes the store and opens its database; the folder goes with the first.
    pub fn close(self) -> (TempDir, Ledger) {
        let Bench { store, folder, .. } = self;
        store.close();
        drop(store);
        let ledger = Ledger::open(folder.path());
        (folder, ledger)
    }
}
