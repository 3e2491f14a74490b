//! Whose turn it is, and how each step went.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::{Job, SCHEDULE, When};
use crate::model::Clock;
use crate::store::{JobStatus, Store, StoreError};

/// Events of a step to begin with.
const FEW: usize = 50_000;
/// Fewest and most events of a step.
const EVENTS: (usize, usize) = (1_000, 200_000);
/// A step that takes longer makes the next one smaller; one that takes a quarter of it, larger.
const LONG: Duration = Duration::from_secs(1);

/// What each job has to do.
pub struct Turns {
    turns: Vec<Turn>,
}

struct Turn {
    job: &'static Job,
    due: Instant,
    /// Whether its last step has left something to do.
    more: bool,
    /// Events that its next step takes in at most.
    events: usize,
    /// When its run began: the steps until nothing is left.
    started: Option<DateTime<Utc>>,
    /// What those steps have taken so far.
    took: Duration,
}

impl Turns {
    /// All jobs, due at `now`.
    pub fn new(store: &Store, now: Instant) -> Self {
        let turn = |job: &'static Job| {
            store.note_job(waiting(job));
            Turn {
                job,
                due: now,
                more: false,
                events: FEW,
                started: None,
                took: Duration::ZERO,
            }
        };
        Turns {
            turns: SCHEDULE.iter().map(turn).collect(),
        }
    }

    /// Limits the next steps to this many events.
    pub fn events(mut self, events: usize) -> Self {
        self.turns.iter_mut().for_each(|turn| turn.events = events);
        self
    }

    /// One step of each job that has something to do, also because events were `accepted`; true while one has more.
    pub fn round(&mut self, store: &Store, clock: &Clock, accepted: bool) -> bool {
        for turn in &mut self.turns {
            let wanted = turn.more || (accepted && turn.job.when == When::Events);
            if wanted || turn.due <= Instant::now() {
                turn.take(store, clock);
            }
        }
        self.turns.iter().any(|turn| turn.more)
    }

    /// When the next job is due that has nothing to do yet.
    pub fn next(&self) -> Instant {
        let due = self.turns.iter().map(|turn| turn.due).min();
        due.unwrap_or_else(Instant::now)
    }

    /// The last step of those that go by time.
    pub fn last(&mut self, store: &Store, clock: &Clock) {
        for turn in self.turns.iter_mut().filter(|turn| turn.job.when != When::Events) {
            turn.take(store, clock);
        }
    }
}

impl Turn {
    /// Does one step and notes how it went.
    fn take(&mut self, store: &Store, clock: &Clock) {
        let job = self.job;
        let mut jobs = store.jobs().into_iter();
        let before = jobs.find(|status| status.name == job.name);
        let before = before.unwrap_or_else(|| waiting(job));
        let begins = !self.more;
        if begins {
            (self.started, self.took) = (Some(clock()), Duration::ZERO);
        }
        let timer = Instant::now();
        // A panic ends the thread of the jobs, and with it the program.
        let error = match (job.step)(store, self.events) {
            Ok(more) => {
                self.more = more;
                None
            }
            // Folded again after the next start.
            Err(StoreError::Stopped) => {
                self.more = false;
                None
            }
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = &error {
            tracing::error!(
                job = job.name,
                error,
                "a job failed; it runs again with the next events"
            );
            self.more = false;
            // It may have been too large.
            self.events /= 2;
        }
        self.pace(timer.elapsed());
        self.took += timer.elapsed();
        self.due = Instant::now() + job.when.longest();
        store.note_job(JobStatus {
            last_started: self.started,
            last_finished: Some(clock()),
            last_duration_ms: Some(self.took.as_secs_f64() * 1e3),
            runs: before.runs + u64::from(begins),
            failures: before.failures + u64::from(error.is_some()),
            last_error: error,
            ..before
        });
    }

    /// Keeps steps short enough for the others to have their turn.
    fn pace(&mut self, took: Duration) {
        self.events = match took {
            _ if !self.more => self.events.min(FEW),
            took if took > LONG => self.events / 2,
            took if took < LONG / 4 => self.events * 2,
            _ => self.events,
        };
        self.events = self.events.clamp(EVENTS.0, EVENTS.1);
    }
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
        failures: 0,
    }
}
