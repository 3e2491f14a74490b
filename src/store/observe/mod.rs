//! The state of a running store: its health, its disk, its jobs, what its sources deliver.

pub(super) mod alarm;
pub(super) mod counters;
pub(super) mod disk;
pub(super) mod files;
pub(super) mod ignored;
pub(super) mod jobs;
pub(super) mod refusals;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::{Store, StoreError, lock, sql};
use crate::model::{Ignored, Params};
use crate::query;
use alarm::Post;
use counters::{Counter, Delivered, Entry, SourceBoard, SourceCounters};
use jobs::JobStatus;
use refusals::Refused;

/// How far the clock may be behind the last stamp before it is worth telling.
const CLOCK_BEHIND: TimeDelta = TimeDelta::seconds(10);

impl Store {
    /// Turns from `None` to the reason when the process cannot go on.
    pub fn alarm(&self) -> watch::Receiver<Option<String>> {
        self.shared.alarm.watch()
    }

    /// Watches a thread that works for the store: it must end normally.
    pub fn post(&self, thread: &'static str) -> Post {
        self.shared.alarm.post(thread)
    }

    /// What keeps the store from doing its work at `now`, in sentences; empty if all is well. Blocking.
    pub fn problems(&self, now: DateTime<Utc>) -> Vec<String> {
        let mut problems = Vec::new();
        if self.shared.stop.has_passed() {
            problems.push("the server is stopping".to_owned());
        }
        problems.extend(self.shared.alarm.watch().borrow().clone());
        problems.extend(self.shared.disk.trouble());
        let ahead = self.stamped() - now;
        if ahead > CLOCK_BEHIND {
            let seconds = ahead.num_seconds();
            problems.push(format!("the clock is {seconds} s behind the stamp of the last commit"));
        }
        match self.waiting_since() {
            Ok(Some(since)) if now - since > self.shared.fold_within => {
                let seconds = (now - since).num_seconds();
                problems.push(format!("events that were received {seconds} s ago are not folded yet"));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "the database cannot be read");
                problems.push("the database cannot be read".to_owned());
            }
        }
        problems
    }

    /// Stamp of the first commit that is not folded; `None` where all are.
    fn waiting_since(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let frame = self.rows(&query!("serve/waiting_since"), &Params::new())?;
        sql::Rows(&frame).time("since", 0)
    }

    /// Jobs and their latest runs.
    pub fn jobs(&self) -> Vec<JobStatus> {
        lock(&self.shared.jobs).clone()
    }

    /// Notes a job's latest run.
    pub fn note_job(&self, status: JobStatus) {
        let mut jobs = lock(&self.shared.jobs);
        match jobs.iter_mut().find(|job| job.name == status.name) {
            Some(job) => *job = status,
            None => jobs.push(status),
        }
    }

    /// Counts a genuine delivery of a configured source or a native way in.
    pub fn note_delivery(&self, source: &str, at: DateTime<Utc>, delivered: &Delivered) {
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        lock(&self.shared.counters.counted).change(source, |counters| {
            counters.last_delivery = counters.last_delivery.max(Some(at));
            if delivered.accepted > 0 {
                counters.last_accepted = counters.last_accepted.max(Some(at));
            }
            add(&mut counters.deliveries, 1);
            add(&mut counters.accepted, delivered.accepted);
            add(&mut counters.duplicates, delivered.duplicates);
            add(&mut counters.conflicts, delivered.conflicts);
            add(&mut counters.rejected, delivered.rejected);
            add(&mut counters.unsupported, delivered.unsupported);
            add(&mut counters.unparseable, delivered.unparseable);
            counters.lag = delivered.lag.or(counters.lag);
        });
    }

    /// Counts what accepted events of a source had beside the contract.
    pub fn note_ignored<'a>(&self, source: &str, ignored: impl IntoIterator<Item = &'a Ignored>) {
        let ignored = ignored.into_iter().filter(|one| !one.fields.is_empty());
        let mut counted = lock(&self.shared.counters.counted);
        ignored.for_each(|one| counted.change(source, |counters| counters.ignored.add(one)));
    }

    /// Counts fields of accepted events of a source that hold a text such as `undefined` where an id belongs; the log
    /// tells of the first of a source and field.
    pub fn note_no_ids<'a>(&self, source: &str, fields: impl IntoIterator<Item = &'a str>) {
        let mut counted = lock(&self.shared.counters.counted);
        for field in fields {
            counted.change(source, |counters| {
                let times = counters.no_ids.entry(field.to_owned()).or_insert_with(|| {
                    tracing::warn!(
                        source,
                        field,
                        "a text that is not an id, such as undefined or 0, was sent as an id"
                    );
                    0
                });
                *times = times.saturating_add(1);
            });
        }
    }

    /// Notes what was refused and why, and raises a count of its source where that is not counted otherwise.
    ///
    /// A source that is not configured must raise none: there would be as many as anybody asks for.
    pub fn note_refusal(&self, source: &str, at: DateTime<Utc>, refused: &Refused<'_>, counter: Option<Counter>) {
        let mut counted = lock(&self.shared.counters.counted);
        counted.refusals.note(source, at, refused);
        let Some(counter) = counter else { return };
        counted.change(source, |counters| {
            let count = match counter {
                Counter::Forged => &mut counters.forged,
                Counter::Rejected => &mut counters.rejected,
                Counter::Unparseable => &mut counters.unparseable,
            };
            *count = count.saturating_add(refused.times);
        });
    }

    /// The counts of all sources and the refusals of late.
    pub fn sources(&self) -> SourceBoard {
        let counted = lock(&self.shared.counters.counted);
        let counters = |(source, entry): (&String, &Entry)| (source.clone(), entry.counters.clone());
        SourceBoard {
            counters: counted.sources.iter().map(counters).collect(),
            refusals: counted.refusals.latest_first(),
        }
    }

    /// Payments of any mode that belong to no bot, by the source that told of them; imported events count
    /// with those sent to the first of [`counters::NATIVE_WAYS`]. Counted again only when something was folded.
    ///
    /// # Errors
    /// When the database fails.
    pub fn unattributed(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let folded = self.folded_to();
        if let Some((stamp, counts)) = lock(&self.shared.counters.unattributed).as_ref()
            && *stamp == folded
        {
            return Ok(counts.clone());
        }
        let frame = self.rows(&query!("serve/unattributed"), &Params::new())?;
        let (sources, payments) = (frame.column("source")?.str()?, frame.column("payments")?.i64()?);
        let counts: BTreeMap<String, i64> = sources
            .iter()
            .zip(payments.iter())
            .filter_map(|(source, payments)| Some((source?.to_owned(), payments?)))
            .collect();
        *lock(&self.shared.counters.unattributed) = Some((folded, counts.clone()));
        Ok(counts)
    }

    /// Saves the counts that have changed; true if there were any.
    ///
    /// # Errors
    /// When the database fails; what was not saved is saved the next time.
    pub fn save_counters(&self) -> Result<bool, StoreError> {
        let changed: Vec<(String, SourceCounters)> = lock(&self.shared.counters.counted)
            .sources
            .iter_mut()
            .filter_map(|(source, entry)| {
                std::mem::take(&mut entry.changed).then(|| (source.clone(), entry.counters.clone()))
            })
            .collect();
        if changed.is_empty() {
            return Ok(false);
        }
        let saved = counters::save(&lock(&self.shared.folding), &changed);
        if saved.is_err() {
            let mut counted = lock(&self.shared.counters.counted);
            for (source, _) in &changed {
                counted.change(source, |_| {});
            }
        }
        saved.map(|()| true)
    }
}
