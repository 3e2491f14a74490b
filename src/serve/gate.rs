//! The gate before all reading: bounded work, bounded lines of those who wait, and a time limit.
//!
//! Who has waited longest has the least time left, and in a crowd its answer would come too late. So the newest goes
//! first, and who cannot be answered in time any more is refused at once. Each class of questions has a line of its
//! own, and the lines take turns, so that a crowd of one class does not keep out the others. Work that nobody waits
//! for ends: an asker that has gone away, or was told that it took too long, ends the deadline of its work.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::web;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::answer::report::AnswerError;
use crate::store::Deadline;

/// Questions that may wait for each one that is worked on.
const WAITING_PER_RUNNING: usize = 16;

/// What is asked for. Classes take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A metric as JSON or CSV.
    Metric,
    /// A chart.
    Chart,
    /// A page of many questions.
    Page,
    /// A list: the sources, the metrics, or what is set aside.
    List,
}

/// How many classes there are.
const CLASSES: usize = 4;

/// Lets a bounded number of questions work at once and a bounded number wait.
#[derive(Clone)]
pub struct Gate(Arc<Shared>);

struct Shared {
    lines: Mutex<Lines>,
    waiting: usize,
    limit: Duration,
}

struct Lines {
    /// How many more may work.
    free: usize,
    /// The class whose turn it is.
    next: usize,
    lines: [Line; CLASSES],
}

#[derive(Default)]
struct Line {
    /// The newest stands last.
    waiting: Vec<Waiter>,
    /// How long its questions have taken of late.
    typical: Duration,
}

struct Waiter {
    end: Instant,
    go: oneshot::Sender<Place>,
}

impl Gate {
    /// A gate for `running` questions at once and `waiting` behind them, each given up after `limit`.
    pub fn new(running: usize, waiting: usize, limit: Duration) -> Self {
        let lines = Lines {
            free: running,
            next: 0,
            lines: Default::default(),
        };
        Gate(Arc::new(Shared {
            lines: Mutex::new(lines),
            waiting,
            limit,
        }))
    }

    /// Two questions per core at once: one computes while another waits for the disk.
    pub fn for_this_machine(limit: Duration) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self::new(2 * cores, 2 * cores * WAITING_PER_RUNNING, limit)
    }

    /// One after the other, for what waits for the same thing anyway.
    pub fn one_by_one(limit: Duration) -> Self {
        Self::new(1, WAITING_PER_RUNNING, limit)
    }

    /// Runs blocking work off the workers of the web server. The work is handed its deadline, which is ended when
    /// the asker goes away.
    ///
    /// # Errors
    /// [`AnswerError::Busy`] when too many wait or the time would not suffice, [`AnswerError::TimedOut`] when the
    /// limit passes, and the work's own error.
    pub async fn run<T, F>(&self, class: Class, work: F) -> Result<T, AnswerError>
    where
        T: Send + 'static,
        F: FnOnce(Arc<Deadline>) -> Result<T, AnswerError> + Send + 'static,
    {
        let end = Instant::now() + self.0.limit;
        let asker = Asker(Arc::new(Deadline::after(self.0.limit)));
        let place = self.place(class, end).await?;
        let deadline = asker.0.clone();
        let done = web::block(move || {
            // The place is given back when the work ends, not when its asker is told that it took too long: a
            // thread that is still busy must keep counting.
            let done = work(deadline);
            place.leave(done.is_ok());
            done
        });
        let left = end.saturating_duration_since(Instant::now());
        let done = timeout(left, done).await.map_err(|_| AnswerError::TimedOut)?;
        done.map_err(|_| AnswerError::Broken)?
    }

    /// Waits for a place, as long as the time behind it would suffice.
    async fn place(&self, class: Class, end: Instant) -> Result<Place, AnswerError> {
        let (going, patience) = {
            let mut lines = self.0.lines();
            if lines.free > 0 {
                lines.free -= 1;
                return Ok(Place::new(&self.0, class as usize));
            }
            lines.make_room(self.0.waiting)?;
            let (go, going) = oneshot::channel();
            let line = &mut lines.lines[class as usize];
            line.waiting.push(Waiter { end, go });
            (going, self.0.limit.saturating_sub(self.0.needed(line)))
        };
        // Who is refused finds the other end gone.
        let place = timeout(patience, going).await.map_err(|_| AnswerError::Busy)?;
        place.map_err(|_| AnswerError::Busy)
    }
}

impl Shared {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that a question of a line probably takes. Never more than half of the limit, so that whoever has just
    /// come is given a try: otherwise one slow answer could keep its class out for ever.
    fn needed(&self, line: &Line) -> Duration {
        line.typical.min(self.limit / 2)
    }

    /// Takes the next who goes out of the lines; refuses those for whom it is too late.
    fn next(&self, lines: &mut Lines) -> Option<(usize, Waiter)> {
        for turn in 0..CLASSES {
            let class = (lines.next + turn) % CLASSES;
            let line = &mut lines.lines[class];
            let latest = Instant::now() + self.needed(line);
            line.waiting
                .retain(|waiter| waiter.end >= latest && !waiter.go.is_closed());
            if let Some(newest) = line.waiting.pop() {
                lines.next = (class + 1) % CLASSES;
                return Some((class, newest));
            }
        }
        None
    }
}

impl Lines {
    /// Makes room for one more: who waits longest in the longest line is refused.
    fn make_room(&mut self, most: usize) -> Result<(), AnswerError> {
        let waiting = |lines: &Lines| lines.lines.iter().map(|line| line.waiting.len()).sum::<usize>();
        if waiting(self) < most {
            return Ok(());
        }
        for line in &mut self.lines {
            line.waiting.retain(|waiter| !waiter.go.is_closed());
        }
        if waiting(self) < most {
            return Ok(());
        }
        let longest = self.lines.iter_mut().max_by_key(|line| line.waiting.len());
        match longest.filter(|line| !line.waiting.is_empty()) {
            Some(line) => drop(line.waiting.remove(0)),
            None => return Err(AnswerError::Busy),
        }
        Ok(())
    }
}

/// The asker of a question. When it is gone, nobody waits for the work any more.
struct Asker(Arc<Deadline>);

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// One of the places in which questions are worked on; the next in line gets it when it is dropped.
struct Place {
    /// Nothing where the place was handed on.
    shared: Option<Arc<Shared>>,
    class: usize,
    since: Instant,
    /// Whether the work came to its end.
    finished: bool,
}

impl Place {
    fn new(shared: &Arc<Shared>, class: usize) -> Self {
        Place {
            shared: Some(shared.clone()),
            class,
            since: Instant::now(),
            finished: false,
        }
    }

    /// Gives it back when the work has ended.
    fn leave(mut self, finished: bool) {
        self.finished = finished;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else { return };
        let took = self.since.elapsed();
        let mut lines = shared.lines();
        let typical = &mut lines.lines[self.class].typical;
        // What was broken off would have taken longer than it did.
        if typical.is_zero() {
            *typical = took;
        } else if self.finished || took > *typical {
            *typical = (*typical * 3 + took) / 4;
        }
        while let Some((class, waiter)) = shared.next(&mut lines) {
            let Err(mut place) = waiter.go.send(Place::new(&shared, class)) else {
                return;
            };
            // Gone in this moment: the place goes to another.
            place.shared = None;
        }
        lines.free += 1;
    }
}
