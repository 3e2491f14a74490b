//! A bound on the time that work on one request may take, looked at between its parts.

use std::time::{Duration, Instant};

use super::Problem;

/// When work has to be done.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    begun: Instant,
    seconds: u64,
}

impl Deadline {
    /// Work that begins now and may take so many seconds.
    pub fn within(seconds: u64) -> Self {
        Deadline {
            begun: Instant::now(),
            seconds,
        }
    }

    /// Whether there is time for one more part.
    ///
    /// # Errors
    /// `parse_timeout` where there is none.
    pub fn check(&self) -> Result<(), Problem> {
        if self.begun.elapsed() < Duration::from_secs(self.seconds) {
            Ok(())
        } else {
            Err(Problem::parse_timeout(self.seconds))
        }
    }
}
