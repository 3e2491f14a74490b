//! Work that has to end: because its time is over, or because nobody waits for it any more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use duckdb::InterruptHandle;

use crate::store::observe::alarm::Alarm;
use crate::store::{StoreError, lock};

/// How often running queries are compared with their deadlines. An interrupt that falls between two queries of a
/// connection has no effect, so it is repeated at this pace until the work has ended.
const TICK: Duration = Duration::from_millis(10);

/// When some work has to end. Whoever started the work may end it earlier.
#[derive(Debug, Default)]
pub struct Deadline {
    at: Option<Instant>,
    ended: AtomicBool,
    /// The work that this is a part of.
    whole: Option<Arc<Deadline>>,
}

impl Deadline {
    /// A deadline so far from now.
    pub fn after(time: Duration) -> Self {
        Deadline {
            at: Instant::now().checked_add(time),
            ..Deadline::default()
        }
    }

    /// The deadline of a part of this work, to which so many quarters of the time are given that is left. It ends with
    /// the whole.
    pub fn part(self: &Arc<Self>, quarters: u32) -> Self {
        let now = Instant::now();
        let given = |at: Instant| at.saturating_duration_since(now) / 4 * quarters;
        Deadline {
            at: self.at.and_then(|at| now.checked_add(given(at))),
            whole: Some(self.clone()),
            ..Deadline::default()
        }
    }

    /// No moment is set: the work continues until [`Deadline::end`].
    pub fn open() -> Self {
        Deadline::default()
    }

    /// Ends the work now.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    /// Whether the work has to end.
    pub fn has_passed(&self) -> bool {
        self.ended.load(Ordering::Acquire)
            || self.at.is_some_and(|at| at <= Instant::now())
            || self.whole.as_ref().is_some_and(|whole| whole.has_passed())
    }
}

/// Interrupts queries whose deadline has passed, from one thread.
pub struct Watch(Arc<Shared>);

#[derive(Default)]
struct Shared {
    running: Mutex<Running>,
    changed: Condvar,
}

#[derive(Default)]
struct Running {
    next: u64,
    queries: Vec<Query>,
    /// Everything is interrupted, whatever its deadline.
    all: bool,
    closed: bool,
}

struct Query {
    number: u64,
    deadline: Arc<Deadline>,
    handle: Arc<InterruptHandle>,
}

impl Watch {
    /// Starts the thread.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(alarm: &Arc<Alarm>) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::default());
        let (own, post) = (shared.clone(), alarm.post("watch"));
        let run = move || {
            own.run();
            post.leave();
        };
        std::thread::Builder::new().name("watch".into()).spawn(run)?;
        Ok(Watch(shared))
    }

    /// Interrupts everything that runs, also what begins later.
    pub fn end_all(&self) {
        lock(&self.0.running).all = true;
    }

    /// Has what runs on a connection interrupted once the deadline has passed, until the result is dropped.
    pub fn over(&self, deadline: Arc<Deadline>, handle: Arc<InterruptHandle>) -> Watched {
        let mut running = lock(&self.0.running);
        running.next += 1;
        let number = running.next;
        running.queries.push(Query {
            number,
            deadline,
            handle,
        });
        self.0.changed.notify_one();
        Watched {
            shared: self.0.clone(),
            number,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        lock(&self.0.running).closed = true;
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn run(&self) {
        let mut running = lock(&self.running);
        while !running.closed {
            for query in running
                .queries
                .iter()
                .filter(|query| running.all || query.deadline.has_passed())
            {
                query.handle.interrupt();
            }
            running = if running.queries.is_empty() {
                self.changed.wait(running).unwrap_or_else(PoisonError::into_inner)
            } else {
                let waited = self.changed.wait_timeout(running, TICK);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }
}

/// A connection that is watched as long as this lives; afterwards no interrupt reaches it any more.
pub struct Watched {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut running = lock(&self.shared.running);
        running.queries.retain(|query| query.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_some_work_has_its_share_of_the_time_and_ends_with_the_whole() {
        let whole = Arc::new(Deadline::after(Duration::from_secs(400)));
        let part = whole.part(3);
        let left = part.at.unwrap().saturating_duration_since(Instant::now());
        assert!(
            left <= Duration::from_secs(300) && left > Duration::from_secs(200),
            "{left:?}"
        );
        assert!(!part.has_passed());
        assert!(Arc::new(Deadline::after(Duration::ZERO)).part(3).has_passed());
        whole.end();
        assert!(part.has_passed());
    }
}
