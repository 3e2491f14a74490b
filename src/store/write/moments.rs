//! The moments that questions and commits agree on: no commit gets a stamp that a question has already passed.
//!
//! A commit takes its stamp when it begins and is seen when it ends. A question between the two
//! would miss it, and asked again with the same `as_of` would have it. So the two meet here: a
//! question announces its moment and learns of stamps that are given but not yet folded; a commit's
//! stamp is after every moment that was announced.

use std::sync::Mutex;

use crate::store::lock;

/// Stamps given and moments asked for, in microseconds since 1970.
#[derive(Debug)]
pub struct Moments(Mutex<Latest>);

#[derive(Debug, Clone, Copy)]
struct Latest {
    /// The latest stamp given to a commit, finished or not.
    stamped: i64,
    /// The latest moment as of which anything was asked.
    asked: i64,
}

impl Moments {
    /// The moments of a store whose last commit has this stamp.
    pub fn since(last: i64) -> Self {
        Moments(Mutex::new(Latest {
            stamped: last,
            asked: last,
        }))
    }

    /// Gives the next commit its stamp: now, but after every other stamp and every asked moment.
    pub fn stamp(&self, now: impl FnOnce() -> i64) -> i64 {
        let mut latest = lock(&self.0);
        latest.stamped = now().max(latest.stamped + 1).max(latest.asked + 1);
        latest.stamped
    }

    /// Takes a stamp back whose commit kept nothing; `last` is that of the last one that did.
    pub fn withdraw(&self, last: i64) {
        lock(&self.0).stamped = last;
    }

    /// Announces that something is asked as of a moment, and tells the latest stamp given.
    pub fn ask(&self, moment: i64) -> i64 {
        let mut latest = lock(&self.0);
        latest.asked = latest.asked.max(moment);
        latest.stamped
    }

    /// The latest stamp given.
    pub fn stamped(&self) -> i64 {
        lock(&self.0).stamped
    }
}

#[cfg(test)]
mod tests {
    use super::Moments;

    #[test]
    fn a_stamp_lies_after_every_other_and_after_every_asked_moment() {
        let moments = Moments::since(100);
        assert_eq!(moments.stamp(|| 50), 101, "the clock has stepped back");
        assert_eq!(
            moments.ask(500),
            101,
            "the question learns of a stamp that is not committed yet"
        );
        assert_eq!(moments.stamp(|| 300), 501);
        moments.withdraw(101);
        assert_eq!(moments.stamped(), 101);
        assert_eq!(moments.stamp(|| 700), 700);
    }
}
