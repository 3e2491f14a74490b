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
    /// When it runs.
    pub when: When,
    /// Does one step; true while there is more to do.
    pub step: fn(&Store) -> Result<bool, StoreError>,
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
        step: |store| Ok(store.fold(FOLD_EVENTS)?.is_some()),
    },
    Job {
        name: "compact",
        schedule: "after each fold, where the cube has scattered",
        when: When::Events,
        step: |store| store.compact_cells(),
    },
    Job {
        name: "tallies",
        schedule: "every 5 seconds and at the stop, where a source has delivered something",
        when: When::Every(Duration::from_secs(5)),
        step: |store| store.save_tallies().map(|_| false),
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
    for job in SCHEDULE {
        store.note_job(waiting(job));
    }
    let mut due: Vec<Instant> = vec![Instant::now(); SCHEDULE.len()];
    let mut accepted = false;
    while !*stop.borrow() {
        for (job, due) in SCHEDULE.iter().zip(&mut due) {
            if *due <= Instant::now() || (accepted && job.when == When::Events) {
                run_once(store, job, clock, &stop);
                *due = Instant::now() + job.when.longest();
            }
        }
        let next = due.iter().min().copied().unwrap_or_else(Instant::now);
        accepted = runtime.block_on(async {
            tokio::select! {
                _ = committed.changed() => tokio::time::sleep(DEBOUNCE).await,
                _ = stop.changed() => return false,
                () = tokio::time::sleep_until(next.into()) => return false,
            }
            true
        });
        if accepted {
            committed.borrow_and_update();
        }
    }
    for job in SCHEDULE.iter().filter(|job| job.when != When::Events) {
        run_once(store, job, clock, &stop);
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
