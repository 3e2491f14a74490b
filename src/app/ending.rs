//! The end: who asks for it, and the time that each part of it has.

use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::AppError;
use crate::jobs;
use crate::model::Clock;
use crate::store::Store;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The stop of a server: when it began and how long it may take as a whole.
#[derive(Clone)]
pub struct Stop {
    time: Duration,
    began: Arc<OnceLock<Instant>>,
}

impl Stop {
    /// A stop that takes no longer than `time` from its beginning.
    pub fn new(time: Duration) -> Self {
        Stop {
            time,
            began: Arc::default(),
        }
    }

    /// The part of it that open requests have; the rest is for the jobs, the writer and the checkpoint.
    pub fn requests(&self) -> Duration {
        let rest = self.time.as_secs().saturating_mul(2).div_ceil(5);
        self.time.saturating_sub(Duration::from_secs(rest))
    }

    /// Waits for SIGTERM, SIGINT or SIGHUP, or for the store to say that it cannot go on, and begins the stop.
    pub fn told(&self, store: Store) -> impl Future<Output = ()> + Send + 'static {
        let stop = self.clone();
        async move {
            let mut alarm = store.alarm();
            tokio::select! {
                () = received(SignalKind::terminate()) => {}
                () = received(SignalKind::interrupt()) => {}
                // A terminal that is closed.
                () = received(SignalKind::hangup()), if !ignores_hangup() => {}
                _ = alarm.wait_for(Option::is_some) => {}
            }
            stop.begin(&store);
        }
    }

    /// Begins the stop, unless it has begun; gives the moment at which everything must have ended.
    pub fn begin(&self, store: &Store) -> Instant {
        store.begin_stop();
        let began = *self.began.get_or_init(Instant::now);
        // A time that reaches beyond the calendar is as good as a year.
        began.checked_add(self.time).unwrap_or(began + YEAR)
    }
}

/// Whether the program was started so that it outlives its terminal, as by `nohup`.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    let hangup = 1 << (SignalKind::hangup().as_raw_value() - 1);
    ignored.is_some_and(|signals| signals & hangup != 0)
}

async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::error!(%error, "a signal cannot be waited for");
            std::future::pending::<()>().await;
        }
    }
}

/// The thread of the jobs.
pub struct Jobs {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Jobs {
    /// Starts it; it must not end before it is asked to.
    pub fn start(store: Store, clock: Clock) -> Result<Self, AppError> {
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let post = store.post("jobs");
        let run = move || {
            jobs::run(&store, &clock, &stopped, &runtime);
            post.leave();
        };
        let thread = std::thread::Builder::new().name("jobs".into()).spawn(run)?;
        Ok(Jobs { stop, thread })
    }

    /// Has it save what it counts and end; true if it has ended by `end`.
    pub fn stop_by(self, end: Instant) -> bool {
        self.stop.send_replace(true);
        while !self.thread.is_finished() {
            if Instant::now() >= end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        if self.thread.join().is_err() {
            tracing::error!("the jobs ended abnormally");
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Stop;

    #[test]
    fn open_requests_leave_time_for_what_was_accepted() {
        let requests = |seconds| Stop::new(Duration::from_secs(seconds)).requests().as_secs();
        assert_eq!([20, 5, 2, 1, 0].map(requests), [12, 3, 1, 0, 0]);
    }
}
