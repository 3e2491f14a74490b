//! Whether the clock runs as fast as time does: a jump ahead is reported while it has made few stamps.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::folder::startup::AHEAD;

/// The clock of the machine beside the time that has passed.
pub struct Pace {
    since: Instant,
    began: DateTime<Utc>,
    told: bool,
}

impl Pace {
    /// Starts with a clock that is believed.
    pub fn from(now: DateTime<Utc>) -> Self {
        Pace {
            since: Instant::now(),
            began: now,
            told: false,
        }
    }

    /// How far a stamp is ahead of the time that has passed; reported once if that is much.
    pub fn look(&mut self, stamp: DateTime<Utc>) -> Option<TimeDelta> {
        let passed = TimeDelta::from_std(self.since.elapsed()).unwrap_or_default();
        let ahead = Some(stamp - self.began - passed).filter(|ahead| *ahead > AHEAD && !self.told)?;
        self.told = true;
        tracing::error!(
            %stamp,
            minutes = ahead.num_minutes(),
            "the clock has jumped ahead, or this machine was suspended; commits are stamped by the clock: if it is wrong, \
             stop the server, set it, and start with --accept-clock"
        );
        Some(ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_ahead_is_told_once() {
        let now = DateTime::UNIX_EPOCH;
        let mut pace = Pace::from(now);
        assert_eq!(pace.look(now + TimeDelta::minutes(4)), None);
        assert!(
            pace.look(now + TimeDelta::days(400))
                .is_some_and(|ahead| ahead.num_days() >= 399)
        );
        assert_eq!(pace.look(now + TimeDelta::days(401)), None);
    }
}
