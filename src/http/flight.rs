//! The budget of bytes in flight: what all requests together hold of bodies, as they came, inflated and parsed.
//!
//! Every request takes from it before it holds anything, and gives back when its permit is dropped. While a body arrives,
//! what does not fit is refused at once, and all that arrives has a quarter: senders, slow ones too, cannot take the rest.
//! What has arrived waits in line for all that inflating and parsing it takes, so that those who wait hold no part of what
//! the others wait for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::timeout;

use super::Problem;
use crate::config::Limits;

/// Bytes of a request to which the last eighth of the budget is kept: a few large ones cannot shut out the small.
const SMALL: usize = 64 << 10;

/// How long a body that has arrived waits for room.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes that one event takes beside its texts: as an event, as a row for the writer, and in the answer.
pub const PER_EVENT: usize = 2 << 10;

/// Bytes that one event takes until it is durable, once it is handed to the writer: what its answer says of it.
pub const PER_WAITING_EVENT: usize = 1 << 10;

/// Bytes that one byte of a webhook's JSON may take once it is read: a number of one digit is a value of 32.
pub const PER_JSON_BYTE: usize = 32;

/// A budget. Cheap to share; the same for all workers.
#[derive(Debug)]
pub struct Flight {
    limit: usize,
    held: AtomicUsize,
    most: AtomicUsize,
    /// The budget that this one is a part of.
    whole: Option<Arc<Flight>>,
    /// Who wants more than there is waits here, the first of them for what is given back.
    line: Mutex<()>,
    given_back: Notify,
}

impl Flight {
    /// The budget of a configuration: `flight_bytes`, or more where one request of the largest body needs it. That fits
    /// also while a quarter is full of what arrives.
    pub fn of(limits: &Limits) -> Arc<Self> {
        let events = limits.batch_events.saturating_mul(PER_EVENT);
        let parsed = limits.inflated_bytes.saturating_mul(3).saturating_add(events);
        let all = parsed.saturating_add(limits.body_bytes) / 5 * 8;
        let quarters = limits.body_bytes.max(limits.webhook_bytes).saturating_mul(4);
        let webhook = limits.webhook_bytes.saturating_mul(PER_JSON_BYTE + 1);
        Self::new(limits.flight_bytes.max(all).max(quarters).max(webhook), None)
    }

    /// A part of the budget, of at most a quarter: what is in the part counts in the whole too.
    pub fn quarter(self: &Arc<Self>) -> Arc<Self> {
        Self::new(self.limit / 4, Some(self.clone()))
    }

    /// The budget of large answers to questions.
    pub fn of_answers(limits: &Limits) -> Arc<Self> {
        Self::new(limits.answer_bytes.max(1), None)
    }

    fn new(limit: usize, whole: Option<Arc<Flight>>) -> Arc<Self> {
        Arc::new(Flight {
            limit,
            held: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            whole,
            line: Mutex::default(),
            given_back: Notify::new(),
        })
    }

    /// A permit that holds nothing yet.
    pub fn permit(self: &Arc<Self>) -> Permit {
        Permit {
            flight: self.clone(),
            held: 0,
        }
    }

    /// Bytes that may be held.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Bytes that are held now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }

    /// The most bytes that were ever held at once.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::Acquire)
    }

    /// Whether more than half is taken.
    pub fn is_crowded(&self) -> bool {
        self.held() > self.limit / 2
    }

    /// Whether more bytes would fit for a request that already holds `own` bytes.
    fn fits(&self, held: usize, own: usize, more: usize) -> bool {
        let (after, own_after) = (held.saturating_add(more), own.saturating_add(more));
        // Who is alone may take everything, and who is small may take the last eighth too.
        let all = held == own || own_after <= SMALL;
        after <= if all { self.limit } else { self.limit - self.limit / 8 }
    }

    fn take(&self, own: usize, more: usize) -> bool {
        let taken = self.held.fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| {
            self.fits(held, own, more).then_some(held + more)
        });
        let Ok(before) = taken else { return false };
        if self.whole.as_ref().is_some_and(|whole| !whole.take(own, more)) {
            self.held.fetch_sub(more, Ordering::AcqRel);
            return false;
        }
        self.most.fetch_max(before + more, Ordering::AcqRel);
        true
    }

    fn add(&self, more: usize) {
        let before = self.held.fetch_add(more, Ordering::AcqRel);
        self.most.fetch_max(before + more, Ordering::AcqRel);
        if let Some(whole) = &self.whole {
            whole.add(more);
        }
    }

    fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::AcqRel);
        self.given_back.notify_one();
        if let Some(whole) = &self.whole {
            whole.give_back(bytes);
        }
    }
}

/// What one request holds of the budget; given back when it is dropped.
#[derive(Debug)]
pub struct Permit {
    flight: Arc<Flight>,
    held: usize,
}

impl Permit {
    /// The budget that it is of.
    pub fn flight(&self) -> &Flight {
        &self.flight
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        self.held
    }

    /// Refuses at once what could not be taken now. Takes nothing: what is promised may never come.
    ///
    /// # Errors
    /// `busy` where the budget has no room for it.
    pub fn check_room(&self, bytes: usize) -> Result<(), Problem> {
        let more = bytes.saturating_sub(self.held);
        let fits = |flight: &Flight| flight.fits(flight.held(), self.held, more);
        let whole = self.flight.whole.as_ref();
        if fits(&self.flight) && whole.is_none_or(|whole| fits(whole)) {
            Ok(())
        } else {
            Err(Problem::busy())
        }
    }

    /// Takes more bytes.
    ///
    /// # Errors
    /// `busy` where the budget has no room for them; what was held before is held still.
    pub fn grow(&mut self, more: usize) -> Result<(), Problem> {
        if !self.flight.take(self.held, more) {
            return Err(Problem::busy());
        }
        self.held += more;
        Ok(())
    }

    /// Takes more bytes, whether there is room or not: for what cannot be refused any more. What comes later is
    /// refused for it.
    pub fn grow_regardless(&mut self, more: usize) {
        self.flight.add(more);
        self.held += more;
    }

    /// Takes more bytes of the whole budget, for a body that has arrived, and leaves the part that is for those
    /// that arrive. Waits in line where there is no room, and not for long.
    ///
    /// # Errors
    /// `busy` where the budget had no room for them in that time.
    pub async fn work(&mut self, more: usize) -> Result<(), Problem> {
        let whole = self.flight.whole.clone().unwrap_or_else(|| self.flight.clone());
        let own = self.held;
        // The small pass the line.
        if own + more > SMALL || !whole.take(own, more) {
            let wait = async {
                let _first = whole.line.lock().await;
                while !whole.take(own, more) {
                    whole.given_back.notified().await;
                }
            };
            timeout(PATIENCE, wait).await.map_err(|_| Problem::busy())?;
        }
        let part = std::mem::replace(&mut self.flight, whole);
        if part.whole.is_some() {
            part.held.fetch_sub(own, Ordering::AcqRel);
            part.given_back.notify_one();
        }
        self.held += more;
        Ok(())
    }

    /// Gives back all but a number of bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        let back = self.held.saturating_sub(bytes);
        self.flight.give_back(back);
        self.held -= back;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.flight.give_back(self.held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(flight_bytes: usize) -> Arc<Flight> {
        Flight::of(&Limits {
            flight_bytes,
            body_bytes: 1 << 20,
            inflated_bytes: 0,
            batch_events: 0,
            webhook_bytes: 0,
            ..Limits::default()
        })
    }

    #[test]
    fn who_is_alone_may_take_everything_and_beside_others_only_the_small_may() {
        let flight = budget(8 << 20);
        let mut alone = flight.permit();
        alone.grow(8 << 20).unwrap();
        assert!(flight.permit().grow(1).is_err());
        alone.shrink_to(6 << 20);
        let mut large = flight.permit();
        assert!(large.check_room(1 << 20).is_ok() && large.check_room((1 << 20) + 1).is_err());
        large.grow(1 << 20).unwrap();
        assert!(large.grow(1).is_err(), "the last eighth is for the small");
        let mut small = flight.permit();
        small.grow(SMALL).unwrap();
        assert!(small.grow(1).is_err());
        assert_eq!(flight.held(), (7 << 20) + SMALL);
        drop((alone, large, small));
        assert_eq!((flight.held(), flight.most()), (0, 8 << 20));
    }

    #[test]
    fn a_part_counts_in_the_whole_and_never_takes_more_than_its_quarter() {
        let flight = budget(8 << 20);
        let part = flight.quarter();
        let mut first = part.permit();
        first.grow(2 << 20).unwrap();
        assert!(first.grow(1).is_err() && part.permit().grow(1).is_err());
        assert_eq!((part.held(), flight.held()), (2 << 20, 2 << 20));
        let mut beside = flight.permit();
        beside.grow(5 << 20).unwrap();
        drop(first);
        assert_eq!((part.held(), flight.held()), (0, 5 << 20));
        beside.grow(3 << 20).unwrap();
        assert!(part.permit().grow(1).is_err(), "the whole is full");
        assert_eq!(part.held(), 0);
    }

    #[test]
    fn who_waits_too_long_is_refused_and_holds_no_more_than_before() {
        let flight = budget(8 << 20);
        let part = flight.quarter();
        let (mut large, mut waiting) = (flight.permit(), part.permit());
        large.grow(7 << 20).unwrap();
        waiting.grow(1000).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let outcome = runtime.unwrap().block_on(waiting.work(1 << 20));
        assert_eq!(outcome.unwrap_err().code(), "busy");
        assert_eq!((part.held(), flight.held()), (1000, (7 << 20) + 1000));
    }

    #[test]
    fn who_begins_to_work_leaves_the_part_for_what_arrives() {
        let flight = budget(8 << 20);
        let part = flight.quarter();
        let mut permit = part.permit();
        permit.grow(1 << 20).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.unwrap().block_on(permit.work(2 << 20)).unwrap();
        assert_eq!((part.held(), flight.held()), (0, 3 << 20));
        drop(permit);
        assert_eq!((part.held(), flight.held()), (0, 0));
    }

    #[test]
    fn the_largest_request_always_fits_whatever_is_configured() {
        let flight = budget(1);
        let quarter = flight.quarter();
        quarter.permit().grow(1 << 20).unwrap();
        assert_eq!((flight.limit(), quarter.limit()), (4 << 20, 1 << 20));
    }
}
