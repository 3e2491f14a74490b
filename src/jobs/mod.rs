//! Jobs: what happens to events after they are stored. The schedule is a table.
//!
//! Jobs take turns: each that has something to do does one step, then the next. So a fold that never comes to an end,
//! as under steady ingest, does not keep the others from their work.

mod turns;

use std::time::{Duration, Instant};

use tokio::sync::watch;

pub use turns::Turns;

use crate::model::Clock;
use crate::store::{Store, StoreError};

/// Events that one step of a command's fold takes in at most, so that its memory is bounded. The steps of a server are
/// smaller: see [`Turns`].
pub const FOLD_EVENTS: usize = 500_000;

/// A job: its name, its schedule in words, and what it does once.
pub struct Job {
    /// Name at `/v1/jobs`.
    pub name: &'static str,
    /// When it runs, for people.
    pub schedule: &'static str,
    /// When it runs.
    pub when: When,
    /// Does one step with about this many events at most; true while there is more to do.
    pub step: fn(&Store, usize) -> Result<bool, StoreError>,
}

/// What makes a job run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Events were accepted, or it has not run for a minute.
    Events,
    /// Time has passed, and at the stop.
    Every(Duration),
}

/// Every job, in the order in which they run.
pub const SCHEDULE: &[Job] = &[
    Job {
        name: "fold",
        schedule: "50 ms after events were accepted, and every minute",
        when: When::Events,
        step: |store, events| Ok(store.fold_step(events)?.is_some()),
    },
    Job {
        name: "compact",
        schedule: "after each fold, where the rollup has too many rows",
        when: When::Events,
        step: |store, _| store.compact_step(),
    },
    Job {
        name: "counters",
        schedule: "every 5 seconds and at the stop, where a source has delivered something",
        when: When::Every(Duration::from_secs(5)),
        step: |store, _| store.save_counters().map(|_| false),
    },
];

impl When {
    /// Longest time between two runs.
    fn longest(self) -> Duration {
        match self {
            When::Events => AT_LEAST,
            When::Every(time) => time,
        }
    }
}

/// Time that events are given to gather before they are folded.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// Longest time between two runs of what waits for events.
const AT_LEAST: Duration = Duration::from_secs(60);

/// Runs each job when it is due, until `stop` is set; then once more those that go by time.
pub fn run(store: &Store, clock: &Clock, stop: &watch::Receiver<bool>, runtime: &tokio::runtime::Runtime) {
    let mut committed = store.committed();
    let mut stop = stop.clone();
    let mut turns = Turns::new(store, Instant::now());
    let mut accepted = false;
    while !*stop.borrow() {
        if turns.round(store, clock, accepted) {
            accepted = false;
            continue;
        }
        let next = turns.next();
        let woken = runtime.block_on(async {
            tokio::select! {
                _ = committed.changed() => {
                    tokio::time::sleep(DEBOUNCE).await;
                    Some(true)
                }
                told = stop.changed() => told.ok().map(|()| false),
                () = tokio::time::sleep_until(next.into()) => Some(false),
            }
        });
        // Nobody is left who could stop it.
        let Some(woken) = woken else {
            break;
        };
        accepted = woken;
        if accepted {
            committed.borrow_and_update();
        }
    }
    turns.last(store, clock);
}
