//! Jobs: what happens to events after they are stored. The schedule is a table.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use crate::model::Clock;
use crate::store::{JobStatus, Store, StoreError};

/// Events that one fold takes in at most, so that its memory is bounded.
pub const FOLD_EVENTS: usize = 500_000;

/// A job: its name, its schedule in words, and what it does once.
pub struct Job {
    /// Name at `/v1/jobs`.
    pub name: &'static str,
    /// When it runs, for people.
    pub schedule: &'static str,
    /// Does one step; true while there is more to do.
    pub step: fn(&Store) -> Result<bool, StoreError>,
}

/// Every job, in the order in which they run.
pub const SCHEDULE: &[Job] = &[
    Job {
        name: "fold",
        schedule: "50 ms after events were accepted, and every minute",
        step: |store| Ok(store.fold(FOLD_EVENTS)?.is_some()),
    },
    Job {
        name: "compact",
        schedule: "after each fold, where the cube has scattered",
        step: |store| store.compact_cells(),
    },
];

/// Time that events are given to gather before they are folded.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// Longest time between two runs.
const AT_LEAST: Duration = Duration::from_secs(60);

/// Runs the jobs whenever events were accepted and at least every minute, until `stop` is set.
pub fn run(store: &Store, clock: &Clock, stop: &watch::Receiver<bool>, runtime: &tokio::runtime::Runtime) {
    let mut committed = store.committed();
    let mut stop = stop.clone();
    for job in SCHEDULE {
        store.note_job(waiting(job));
    }
    while !*stop.borrow() {
        for job in SCHEDULE {
            run_once(store, job, clock, &stop);
        }
        runtime.block_on(async {
            tokio::select! {
                _ = committed.changed() => tokio::time::sleep(DEBOUNCE).await,
                _ = stop.changed() => {}
                () = tokio::time::sleep(AT_LEAST) => {}
            }
        });
        committed.borrow_and_update();
    }
}

/// Runs one job until it has nothing left to do, and notes how it went.
pub fn run_once(store: &Store, job: &Job, clock: &Clock, stop: &watch::Receiver<bool>) {
    let before = store
        .jobs()
        .into_iter()
        .find(|status| status.name == job.name)
        .unwrap_or_else(|| waiting(job));
    let started: DateTime<Utc> = clock();
    let timer = Instant::now();
    let mut error = None;
    loop {
        match (job.step)(store) {
            Ok(true) if !*stop.borrow() => {}
            Ok(_) => break,
            Err(failure) => {
                tracing::error!(job = job.name, error = %failure, "a job failed; it runs again with the next events");
                error = Some(failure.to_string());
                break;
            }
        }
    }
    store.note_job(JobStatus {
        last_started: Some(started),
        last_finished: Some(clock()),
        last_duration_ms: Some(timer.elapsed().as_secs_f64() * 1e3),
        last_error: error,
        runs: before.runs + 1,
        ..before
    });
}

fn waiting(job: &Job) -> JobStatus {
    JobStatus {
        name: job.name,
        schedule: job.schedule,
        last_started: None,
        last_finished: None,
        last_duration_ms: None,
        last_error: None,
        runs: 0,
    }
}
