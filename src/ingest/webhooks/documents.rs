//! Documents that verifying takes, such as certificates, fetched under limits and kept.
//!
//! Their addresses come from requests that are not verified yet. So there is one fetch at a time,
//! few may wait for it, and after many failures there is none for a while.

use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// Documents that are kept; a provider has a handful.
const KEPT: usize = 64;
/// How long a kept document is good; longer where it cannot be had again.
const GOOD_FOR: TimeDelta = TimeDelta::hours(24);
/// Requests that may wait for a document; beyond it the provider has to come again.
const WAITING: usize = 8;
/// Fetches that may fail within [`WINDOW`]; then none is tried until it is over.
const FAILURES: u32 = 20;
const WINDOW: TimeDelta = TimeDelta::minutes(1);

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
#[derive(Debug)]
pub struct Documents {
    agent: ureq::Agent,
    limits: Limits,
    kept: Mutex<HashMap<String, Kept>>,
    waiting: AtomicUsize,
    failures: Mutex<Failures>,
}

#[derive(Debug)]
struct Kept {
    document: Arc<Vec<u8>>,
    fetched_at: DateTime<Utc>,
}

/// The failures of the present window.
#[derive(Debug, Default)]
struct Failures {
    since: DateTime<Utc>,
    count: u32,
}

impl Default for Documents {
    fn default() -> Self {
        Documents::new(Limits::default())
    }
}

impl Documents {
    /// Fetches within these limits.
    pub fn new(limits: Limits) -> Self {
        let config = ureq::Agent::config_builder()
            .https_only(limits.https_only)
            .max_redirects(0)
            .timeout_global(Some(limits.time))
            .build();
        Documents {
            agent: ureq::Agent::new_with_config(config),
            limits,
            kept: Mutex::default(),
            waiting: AtomicUsize::new(0),
            failures: Mutex::default(),
        }
    }

    /// The document at an address. Blocking.
    ///
    /// # Errors
    /// What went wrong, for people. A failure is not kept: the next request tries again.
    pub fn fetch(&self, address: &str, now: DateTime<Utc>) -> Result<Arc<Vec<u8>>, String> {
        if let Some(document) = self.kept(address, Some(now)) {
            return Ok(document);
        }
        let _place = Place::take(&self.waiting).ok_or("too many requests wait for documents")?;
        let mut failures = lock(&self.failures);
        // Whoever had the turn before may have fetched the same.
        if let Some(document) = self.kept(address, Some(now)) {
            return Ok(document);
        }
        match failures.allow(now).and_then(|()| self.get(address)) {
            Ok(document) => Ok(self.keep(address, document, now)),
            Err(error) => {
                failures.count += 1;
                self.kept(address, None).ok_or(error)
            }
        }
    }

    /// A kept document, as long as it is good; of any age without a moment.
    fn kept(&self, address: &str, now: Option<DateTime<Utc>>) -> Option<Arc<Vec<u8>>> {
        let kept = lock(&self.kept);
        let found = kept.get(address)?;
        let good = now.is_none_or(|now| now - found.fetched_at < GOOD_FOR);
        good.then(|| found.document.clone())
    }

    fn keep(&self, address: &str, document: Vec<u8>, now: DateTime<Utc>) -> Arc<Vec<u8>> {
        let mut kept = lock(&self.kept);
        if kept.len() >= KEPT {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.fetched_at);
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                kept.remove(&oldest);
            }
        }
        let document = Arc::new(document);
        let entry = Kept {
            document: document.clone(),
            fetched_at: now,
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

impl Failures {
    fn allow(&mut self, now: DateTime<Utc>) -> Result<(), String> {
        // A clock that was set back begins a new window too.
        if now < self.since || now - self.since >= WINDOW {
            *self = Failures { since: now, count: 0 };
        }
        if self.count < FAILURES {
            Ok(())
        } else {
            Err("too many documents could not be fetched".into())
        }
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
