//! The end: who asks for it, and the time that each part of it has.

use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::rt::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::AppError;
use crate::jobs;
use crate::model::Clock;
use crate::store::Store;

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
        self.time - Duration::from_secs(self.time.as_secs() * 2 / 5)
    }

    /// Waits for SIGTERM or SIGINT, or for the store to say that it cannot go on, and begins the stop.
    pub fn told(&self, store: Store) -> impl Future<Output = ()> + Send + 'static {
        let stop = self.clone();
        async move {
            let mut alarm = store.alarm();
            tokio::select! {
                () = received(SignalKind::terminate()) => {}
                () = received(SignalKind::interrupt()) => {}
                _ = alarm.wait_for(Option::is_some) => {}
            }
            stop.begin(&store);
        }
    }

    /// Begins the stop, unless it has begun; gives the moment at which everything must have ended.
    pub fn begin(&self, store: &Store) -> Instant {
        store.begin_stop();
        *self.began.get_or_init(Instant::now) + self.time
    }
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
    /// Starts it; it must not end before it is told to.
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
