//! A bound on the time that reading the events of one request may take, looked at before each of them.

use std::time::{Duration, Instant};

use super::Problem;

/// The time in which the events of a request have to be read.
#[derive(Debug, Clone, Copy)]
pub struct ParseTime {
    begun: Instant,
    seconds: u64,
}

impl ParseTime {
    /// Reading that begins now and may take a number of seconds.
    pub fn within(seconds: u64) -> Self {
        ParseTime {
            begun: Instant::now(),
            seconds,
        }
    }

    /// Whether there is time for one more event.
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
