//! Documents that verifying takes, such as certificates, fetched under limits and kept, also over a restart.
//!
//! Their addresses come from requests that are not verified yet. So what is not known yet has a budget of fetches of its
//! own: strangers can use that up, and what is known is served and fetched again all the same.

use std::collections::HashMap;
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::shelf::Shelf;

/// Good documents that are kept; a provider has a handful.
const KEPT: usize = 64;
/// Others that are kept, so that they are refused without being fetched each time.
const DOUBTFUL: usize = 16;
/// How long a kept document is used before it is fetched again; longer if it cannot be fetched.
const GOOD_FOR: TimeDelta = TimeDelta::hours(24);
/// Requests that may wait for a document; beyond it the provider has to come again.
const WAITING: usize = 8;
/// Fetches within [`WINDOW`], of all addresses and of one; then none is tried until it is over.
const FETCHES: usize = 20;
const FETCHES_OF_ONE: usize = 3;
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// Tells by its address and the present moment whether a document is the provider's and may be kept as good.
pub type Judge = Box<dyn Fn(&str, &[u8], DateTime<Utc>) -> bool + Send + Sync>;

/// Bounds on one fetch.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest document, in bytes.
    pub bytes: u64,
    /// The longest that fetching one may take.
    pub time: Duration,
    /// Whether only encrypted connections are made.
    pub https_only: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            bytes: 64 << 10,
            time: Duration::from_secs(5),
            https_only: true,
        }
    }
}

/// Fetches documents and keeps them. No redirects are followed: the caller has checked the address, and no other.
pub struct Documents {
    agent: ureq::Agent,
    limits: Limits,
    judge: Judge,
    shelf: Option<Shelf>,
    kept: Mutex<HashMap<String, Kept>>,
    /// The turns of those who want what is known already.
    known: Turns,
    /// The turns of those who want what is not.
    unknown: Turns,
}

/// A document that is kept.
#[derive(Debug, Clone)]
struct Kept {
    document: Arc<Vec<u8>>,
    fetched_at: DateTime<Utc>,
    /// Whether it is the provider's.
    good: bool,
}

/// One fetch at a time, few who wait for it, and a budget.
#[derive(Debug, Default)]
struct Turns {
    waiting: AtomicUsize,
    budget: Mutex<Budget>,
}

/// The fetches of the present window, by address.
#[derive(Debug, Default)]
struct Budget {
    since: DateTime<Utc>,
    fetches: HashMap<String, usize>,
}

impl Default for Documents {
    fn default() -> Self {
        Documents::new(Limits::default())
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents")
            .field("limits", &self.limits)
            .field("shelf", &self.shelf)
            .finish_non_exhaustive()
    }
}

impl Documents {
    /// Fetches within these limits; takes every document for good and keeps it in memory only.
    pub fn new(limits: Limits) -> Self {
        let config = ureq::Agent::config_builder()
            .https_only(limits.https_only)
            .max_redirects(0)
            .timeout_global(Some(limits.time))
            .build();
        Documents {
            agent: ureq::Agent::new_with_config(config),
            limits,
            judge: Box::new(|_, _, _| true),
            shelf: None,
            kept: Mutex::default(),
            known: Turns::default(),
            unknown: Turns::default(),
        }
    }

    /// Keeps what `judge` takes for good in a folder too, and what is there already, if it is good still.
    pub fn keeping(self, folder: &Path, judge: Judge, now: DateTime<Utc>) -> Self {
        let shelf = Shelf::at(folder, self.limits.bytes);
        let mut kept = HashMap::new();
        for found in shelf.read() {
            if kept.len() < KEPT && judge(&found.address, &found.document, now) {
                let entry = Kept {
                    document: Arc::new(found.document),
                    fetched_at: found.fetched_at.min(now),
                    good: true,
                };
                kept.insert(found.address, entry);
            } else {
                shelf.remove(&found.address);
            }
        }
        Documents {
            judge,
            shelf: Some(shelf),
            kept: Mutex::new(kept),
            ..self
        }
    }

    /// The document at an address. Blocking.
    ///
    /// # Errors
    /// What went wrong, for people. A failure is not kept: a later request tries again.
    pub fn fetch(&self, address: &str, now: DateTime<Utc>) -> Result<Arc<Vec<u8>>, String> {
        let known = self.kept(address);
        if let Some(kept) = known.as_ref().filter(|kept| kept.is_fresh(now)) {
            return Ok(kept.document.clone());
        }
        let turns = match &known {
            Some(kept) if kept.good => &self.known,
            _ => &self.unknown,
        };
        let outcome = self.fetch_in_turn(turns, known.is_some(), address, now);
        // What is known outlives its day while it cannot be had again.
        outcome.or_else(|error| known.map(|kept| kept.document).ok_or(error))
    }

    fn fetch_in_turn(
        &self,
        turns: &Turns,
        is_known: bool,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Vec<u8>>, String> {
        let crowded = "too many requests are waiting for documents";
        let _place = Place::take(&turns.waiting).ok_or(crowded)?;
        let mut budget = match turns.budget.try_lock() {
            // Whoever has something to go on with does not wait for others' fetches.
            Err(TryLockError::WouldBlock) if is_known => return Err(crowded.into()),
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => lock(&turns.budget),
            Ok(budget) => budget,
        };
        // Whoever had the turn before may have fetched the same.
        if let Some(kept) = self.kept(address).filter(|kept| kept.is_fresh(now)) {
            return Ok(kept.document);
        }
        budget.spend(address, now)?;
        let document = self.get(address)?;
        let good = (self.judge)(address, &document, now);
        if is_known && !good {
            return Err("the document at that address is not the provider's".into());
        }
        Ok(self.keep(address, document, good, now))
    }

    fn kept(&self, address: &str) -> Option<Kept> {
        lock(&self.kept).get(address).cloned()
    }

    fn keep(&self, address: &str, document: Vec<u8>, good: bool, now: DateTime<Utc>) -> Arc<Vec<u8>> {
        if let Some(shelf) = self.shelf.as_ref().filter(|_| good) {
            shelf.write(address, &document, now);
        }
        let mut kept = lock(&self.kept);
        // One more of its kind pushes out the oldest of them, and none of the other.
        let alike = kept
            .iter()
            .filter(|(known, kept)| kept.good == good && *known != address);
        if alike.clone().count() >= if good { KEPT } else { DOUBTFUL } {
            let oldest = alike.min_by_key(|(_, kept)| kept.fetched_at);
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                kept.remove(&oldest);
                self.shelf.iter().for_each(|shelf| shelf.remove(&oldest));
            }
        }
        let document = Arc::new(document);
        let entry = Kept {
            document: document.clone(),
            fetched_at: now,
            good,
        };
        kept.insert(address.to_owned(), entry);
        document
    }

    fn get(&self, address: &str) -> Result<Vec<u8>, String> {
        let mut response = self.agent.get(address).call().map_err(|error| error.to_string())?;
        if response.status() != 200 {
            return Err(format!("the answer has status {}", response.status().as_u16()));
        }
        let limit = self.limits.bytes;
        let mut document = Vec::new();
        let mut reader = response.body_mut().as_reader().take(limit + 1);
        reader.read_to_end(&mut document).map_err(|error| error.to_string())?;
        if document.len() as u64 > limit {
            return Err(format!("the document has more than {limit} bytes"));
        }
        Ok(document)
    }
}

impl Kept {
    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        now - self.fetched_at < GOOD_FOR
    }
}

impl Budget {
    fn spend(&mut self, address: &str, now: DateTime<Utc>) -> Result<(), String> {
        // A clock that was set back begins a new window too.
        if now < self.since || now - self.since >= WINDOW {
            *self = Budget {
                since: now,
                fetches: HashMap::new(),
            };
        }
        let of_one = self.fetches.get(address).copied().unwrap_or_default();
        if of_one == FETCHES_OF_ONE || self.fetches.values().sum::<usize>() == FETCHES {
            return Err("too many documents were fetched within a minute".into());
        }
        self.fetches.insert(address.to_owned(), of_one + 1);
        Ok(())
    }
}

/// A place among those who wait, given up when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let place = Place(waiting);
        (waiting.fetch_add(1, Ordering::AcqRel) < WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
