//! The gate before all reading: bounded work, a bounded queue and a time limit.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::report::AnswerError;

/// Questions that may wait for each one that is worked on.
const WAITING_PER_RUNNING: usize = 16;

/// Lets a bounded number of questions work at once and a bounded number wait.
#[derive(Clone)]
pub struct Gate {
    places: Arc<Semaphore>,
    running: Arc<Semaphore>,
    limit: Duration,
}

impl Gate {
    /// A gate for `running` questions at once and `waiting` behind them, each given up after `limit`.
    pub fn new(running: usize, waiting: usize, limit: Duration) -> Self {
        Gate {
            places: Arc::new(Semaphore::new(running.saturating_add(waiting))),
            running: Arc::new(Semaphore::new(running)),
            limit,
        }
    }

    /// Two questions per core at once: one computes while another waits for the disk.
    pub fn for_this_machine(limit: Duration) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self::new(2 * cores, 2 * cores * WAITING_PER_RUNNING, limit)
    }

    /// Runs blocking work off the workers of the web server.
    ///
    /// # Errors
    /// [`AnswerError::Busy`] when the queue is full, [`AnswerError::TimedOut`] when the limit passes while
    /// waiting or working, and the work's own error.
    pub async fn run<T, F>(&self, work: F) -> Result<T, AnswerError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, AnswerError> + Send + 'static,
    {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| AnswerError::Busy)?;
        let running = Arc::clone(&self.running);
        let job = async move {
            let permit = running.acquire_owned().await.map_err(|_| AnswerError::Broken)?;
            let done = web::block(move || {
                // Both are given back when the work ends, not when its asker is told that it took too
                // long: a thread that is still busy must keep counting.
                let _held = (place, permit);
                work()
            });
            done.await.map_err(|_| AnswerError::Broken)?
        };
        timeout(self.limit, job).await.map_err(|_| AnswerError::TimedOut)?
    }
}
