//! What is wrong with the store: threads that have ended, a database that DuckDB has given up, a disk that takes
//! nothing more, a fold that is behind, a clock that has stepped back.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::{Store, StoreError, read, writer};
use crate::model::Params;
use crate::query;

/// How DuckDB begins when it gives up a database until it is opened again, and from then on. Behind its beginning an
/// error may quote what was sent.
const GIVEN_UP: &str = "FATAL Error";

/// How far the clock may be behind the last stamp before it is worth telling.
const CLOCK_BEHIND: TimeDelta = TimeDelta::seconds(10);

/// Tells that the process cannot go on; the first reason stays.
#[derive(Debug)]
pub(super) struct Alarm(watch::Sender<Option<String>>);

impl Alarm {
    pub fn new() -> Arc<Self> {
        Arc::new(Alarm(watch::channel(None).0))
    }

    /// Raises the alarm.
    pub fn raise(&self, reason: String) {
        self.0.send_if_modified(|first| {
            let raised = first.is_none();
            if raised {
                tracing::error!(reason, "the server cannot go on and ends");
                *first = Some(reason);
            }
            raised
        });
    }

    /// Raises it where an error says that the database was given up. The error itself is logged by whom it stops.
    pub fn heed<T>(&self, outcome: &Result<T, StoreError>) {
        if let Err(StoreError::Query { error, .. } | StoreError::Database(error)) = outcome
            && error.to_string().starts_with(GIVEN_UP)
        {
            self.raise("the database cannot be used until it is opened again".to_owned());
        }
    }

    /// The post of a thread: where it is left without a word, as by a panic, the alarm is raised.
    pub fn post(self: &Arc<Self>, thread: &'static str) -> Post {
        Post {
            thread,
            alarm: self.clone(),
            left: false,
        }
    }
}

/// The place of a thread that must not end by itself.
pub struct Post {
    thread: &'static str,
    alarm: Arc<Alarm>,
    left: bool,
}

impl Post {
    /// The thread ends because it was told to.
    pub fn leave(mut self) {
        self.left = true;
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        if !self.left {
            self.alarm.raise(format!("the thread `{}` has ended", self.thread));
        }
    }
}

impl Store {
    /// Turns from `None` to the reason when the process cannot go on.
    pub fn alarm(&self) -> watch::Receiver<Option<String>> {
        self.shared.alarm.0.subscribe()
    }

    /// Watches a thread that works for the store: it must be left in good order.
    pub fn post(&self, thread: &'static str) -> Post {
        self.shared.alarm.post(thread)
    }

    /// Announces the stop: a fold that is under way is interrupted, to be done again after the next start.
    pub fn begin_stop(&self) {
        self.shared.stop.end();
    }

    /// What keeps the store from doing its work at `now`, in sentences; empty where all is well. Blocking.
    pub fn problems(&self, now: DateTime<Utc>) -> Vec<String> {
        let mut problems = Vec::new();
        if self.shared.stop.has_passed() {
            problems.push("the server is stopping".to_owned());
        }
        problems.extend(self.shared.alarm.0.borrow().clone());
        problems.extend(self.shared.disk.trouble());
        let ahead = self.stamped() - now;
        if ahead > CLOCK_BEHIND {
            let seconds = ahead.num_seconds();
            problems.push(format!("the clock is {seconds} s behind the stamp of the last commit"));
        }
        match self.waiting_since() {
            Ok(Some(since)) if now - since > self.shared.fold_within => {
                let seconds = (now - since).num_seconds();
                problems.push(format!("events that were received {seconds} s ago are not folded yet"));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "the database cannot be read");
                problems.push("the database cannot be read".to_owned());
            }
        }
        problems
    }

    /// Stamp of the first commit that is not folded; `None` where all are.
    fn waiting_since(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let query = query!("serve/waiting_since");
        let frame = self.reading(|connection| read::frame(connection, &query, &Params::new(), 1))?;
        let since = frame.column("since")?.i64()?.get(0);
        since.map(writer::instant).transpose()
    }
}

/// A configured time as chrono counts it.
pub(super) fn seconds(seconds: u64) -> TimeDelta {
    TimeDelta::from_std(Duration::from_secs(seconds)).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use duckdb::{Error, ffi};

    use super::{Alarm, StoreError};

    #[test]
    fn words_that_were_sent_raise_no_alarm() {
        let alarm = Alarm::new();
        let heed = |told: &str| {
            let error = Error::DuckDBFailure(ffi::Error::new(1), Some(told.to_owned()));
            alarm.heed::<()>(&Err(StoreError::Database(error)));
            alarm.0.borrow().is_some()
        };
        assert!(!heed(
            "Conversion Error: Could not convert string 'FATAL Error: database has been invalidated'"
        ));
        assert!(heed(
            "FATAL Error: Failed: database has been invalidated because of a previous fatal error"
        ));
    }
}
