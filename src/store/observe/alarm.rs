//! The alarm: threads that have ended and a database that DuckDB has given up, after which the process cannot go on.

use std::sync::Arc;

use tokio::sync::watch;

use crate::store::StoreError;

/// How DuckDB begins when it gives up a database until it is opened again, and from then on. Behind its beginning an
/// error may quote what was sent.
const GIVEN_UP: &str = "FATAL Error";

/// Tells that the process cannot go on; the first reason stays.
#[derive(Debug)]
pub struct Alarm(watch::Sender<Option<String>>);

impl Alarm {
    pub fn new() -> Arc<Self> {
        Arc::new(Alarm(watch::channel(None).0))
    }

    /// Turns from `None` to the reason when it is raised.
    pub fn watch(&self) -> watch::Receiver<Option<String>> {
        self.0.subscribe()
    }

    /// Raises the alarm.
    pub fn raise(&self, reason: String) {
        self.0.send_if_modified(|first| {
            let raised = first.is_none();
            if raised {
                tracing::error!(reason, "the server cannot continue and stops");
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
    /// The thread ends because it was asked to.
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
