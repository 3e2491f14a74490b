//! What each source delivers and what is refused: counted in memory at every request, saved from time to time.
//!
//! A forged delivery must cost no write, or a flood of them would fill the disk. So the counts are
//! saved by a job and when the store is left in good order; a crash loses those of the last
//! seconds, and never an event.

use std::collections::BTreeMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use duckdb::Connection;
use polars::prelude::DataFrame;

use super::ignored::IgnoredCounts;
use super::refusals::{RecentRefusal, Refusals, Refused};
use crate::model::{Ignored, Param, Params};
use crate::query;
use crate::store::{Store, StoreError, lock, sql};

/// The addresses of the native ways in; they are counted under these names.
pub const NATIVE_WAYS: &[&str] = &["/v1/events", "/v1/batch"];

/// What became of one genuine delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Delivered {
    /// Events that were new; those that are not counted among them.
    pub accepted: u64,
    /// Events that were known.
    pub duplicates: u64,
    /// Events that were known with other content.
    pub conflicts: u64,
    /// Events that were refused.
    pub rejected: u64,
    /// Of the accepted, those of a type that is not counted.
    pub unsupported: u64,
    /// Of the accepted, those of a counted type that could not be read or counted, and unreadable bodies.
    pub unparseable: u64,
    /// Time from the latest moment that an event of it states to its receipt; none where none is stated.
    pub lag: Option<TimeDelta>,
}

/// Which count of its source a refusal raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counter {
    /// The signature is missing, wrong or too old.
    Forged,
    /// Anything else is wrong with the request.
    Rejected,
    /// The body could not be read.
    Unparseable,
}

/// What a source has delivered since the ledger was made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Receipt of the latest genuine delivery.
    pub last_delivery: Option<DateTime<Utc>>,
    /// Receipt of the latest one that brought something new.
    pub last_accepted: Option<DateTime<Utc>>,
    /// Genuine deliveries.
    pub deliveries: u64,
    /// As in [`Delivered`], as the next five.
    pub accepted: u64,
    /// Events that were known.
    pub duplicates: u64,
    /// Events that were known with other content.
    pub conflicts: u64,
    /// Events and requests that were refused, not as forged.
    pub rejected: u64,
    /// Requests whose signature was missing, wrong or too old.
    pub forged: u64,
    /// Accepted events of a type that is not counted.
    pub unsupported: u64,
    /// Accepted events that could not be read or counted, and unreadable bodies.
    pub unparseable: u64,
    /// Of the latest delivery that stated a time.
    pub lag: Option<TimeDelta>,
    /// Fields of accepted events that nothing reads.
    pub ignored: IgnoredCounts,
    /// Fields of accepted events that hold no id where one belongs, and how often.
    pub no_ids: BTreeMap<String, u64>,
}

/// What is known of all sources at one moment.
#[derive(Debug, Clone, Default)]
pub struct SourceBoard {
    /// Counts by source: the `source` of a webhook's events, or the address of a native way in.
    pub tallies: BTreeMap<String, Tally>,
    /// Refusals of late, the latest first.
    pub refusals: Vec<RecentRefusal>,
}

/// The counts and refusals of a running store.
#[derive(Default)]
pub(in crate::store) struct Tallies {
    counted: Mutex<Counted>,
    unattributed: Mutex<Option<Unattributed>>,
}

#[derive(Default)]
struct Counted {
    tallies: BTreeMap<String, Entry>,
    refusals: Refusals,
}

#[derive(Default)]
struct Entry {
    tally: Tally,
    /// True while the disk has other figures.
    changed: bool,
}

/// Payments without a bot by source, and the stamp up to which they are counted.
type Unattributed = (DateTime<Utc>, BTreeMap<String, i64>);

impl Counted {
    fn change(&mut self, source: &str, change: impl FnOnce(&mut Tally)) {
        if !self.tallies.contains_key(source) {
            self.tallies.insert(source.to_owned(), Entry::default());
        }
        if let Some(entry) = self.tallies.get_mut(source) {
            change(&mut entry.tally);
            entry.changed = true;
        }
    }
}

impl Store {
    /// Counts a genuine delivery of a configured source or a native way in.
    pub fn note_delivery(&self, source: &str, at: DateTime<Utc>, delivered: &Delivered) {
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        lock(&self.shared.tallies.counted).change(source, |tally| {
            tally.last_delivery = tally.last_delivery.max(Some(at));
            if delivered.accepted > 0 {
                tally.last_accepted = tally.last_accepted.max(Some(at));
            }
            add(&mut tally.deliveries, 1);
            add(&mut tally.accepted, delivered.accepted);
            add(&mut tally.duplicates, delivered.duplicates);
            add(&mut tally.conflicts, delivered.conflicts);
            add(&mut tally.rejected, delivered.rejected);
            add(&mut tally.unsupported, delivered.unsupported);
            add(&mut tally.unparseable, delivered.unparseable);
            tally.lag = delivered.lag.or(tally.lag);
        });
    }

    /// Counts what accepted events of a source had beside the contract.
    pub fn note_ignored<'a>(&self, source: &str, ignored: impl IntoIterator<Item = &'a Ignored>) {
        let ignored = ignored.into_iter().filter(|one| !one.fields.is_empty());
        let mut counted = lock(&self.shared.tallies.counted);
        ignored.for_each(|one| counted.change(source, |tally| tally.ignored.add(one)));
    }

    /// Counts fields of accepted events of a source that hold a text such as `undefined` where an id belongs; the log
    /// tells of the first of a source and field.
    pub fn note_no_ids<'a>(&self, source: &str, fields: impl IntoIterator<Item = &'a str>) {
        let mut counted = lock(&self.shared.tallies.counted);
        for field in fields {
            counted.change(source, |tally| {
                let times = tally.no_ids.entry(field.to_owned()).or_insert_with(|| {
                    tracing::warn!(
                        source,
                        field,
                        "a text that is no id, such as undefined or 0, stands for an id"
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
        let mut counted = lock(&self.shared.tallies.counted);
        counted.refusals.note(source, at, refused);
        let Some(counter) = counter else { return };
        counted.change(source, |tally| {
            let count = match counter {
                Counter::Forged => &mut tally.forged,
                Counter::Rejected => &mut tally.rejected,
                Counter::Unparseable => &mut tally.unparseable,
            };
            *count = count.saturating_add(refused.times);
        });
    }

    /// The counts of all sources and the refusals of late.
    pub fn sources(&self) -> SourceBoard {
        let counted = lock(&self.shared.tallies.counted);
        let tally = |(source, entry): (&String, &Entry)| (source.clone(), entry.tally.clone());
        SourceBoard {
            tallies: counted.tallies.iter().map(tally).collect(),
            refusals: counted.refusals.latest_first(),
        }
    }

    /// Payments of any mode that belong to no bot, by the source that told of them; imported events count
    /// with those sent to the first of [`NATIVE_WAYS`]. Counted again only when something was folded.
    ///
    /// # Errors
    /// When the database fails.
    pub fn unattributed(&self) -> Result<BTreeMap<String, i64>, StoreError> {
        let folded = self.folded_to();
        if let Some((stamp, counts)) = lock(&self.shared.tallies.unattributed).as_ref()
            && *stamp == folded
        {
            return Ok(counts.clone());
        }
        let readers = &self.shared.readers;
        let query = query!("serve/unattributed");
        let frame = self.reading(|connection| sql::frame(connection, &query, &Params::new(), readers.row_limit()))?;
        let (sources, payments) = (frame.column("source")?.str()?, frame.column("payments")?.i64()?);
        let counts: BTreeMap<String, i64> = sources
            .iter()
            .zip(payments.iter())
            .filter_map(|(source, payments)| Some((source?.to_owned(), payments?)))
            .collect();
        *lock(&self.shared.tallies.unattributed) = Some((folded, counts.clone()));
        Ok(counts)
    }

    /// Saves the counts that have changed; true if there were any.
    ///
    /// # Errors
    /// When the database fails; what was not saved is saved the next time.
    pub fn save_tallies(&self) -> Result<bool, StoreError> {
        let changed: Vec<(String, Tally)> = lock(&self.shared.tallies.counted)
            .tallies
            .iter_mut()
            .filter_map(|(source, entry)| {
                std::mem::take(&mut entry.changed).then(|| (source.clone(), entry.tally.clone()))
            })
            .collect();
        if changed.is_empty() {
            return Ok(false);
        }
        let saved = self.write_tallies(&changed);
        if saved.is_err() {
            let mut counted = lock(&self.shared.tallies.counted);
            for (source, _) in &changed {
                counted.change(source, |_| {});
            }
        }
        saved.map(|()| true)
    }

    fn write_tallies(&self, changed: &[(String, Tally)]) -> Result<(), StoreError> {
        let connection = lock(&self.shared.folding);
        let transaction = connection.unchecked_transaction()?;
        for (source, tally) in changed {
            sql::run(&transaction, &query!("jobs/save_tally"), &params(source, tally))?;
            if tally.ignored.total() > 0 {
                tally.ignored.save(&transaction, source)?;
            }
            save_no_ids(&transaction, source, &tally.no_ids)?;
        }
        Ok(transaction.commit()?)
    }
}

/// Writes how often fields of a source held no id.
fn save_no_ids(connection: &Connection, source: &str, no_ids: &BTreeMap<String, u64>) -> Result<(), StoreError> {
    for (field, times) in no_ids {
        let params: Params = vec![
            ("source", Param::Text(source.to_owned())),
            ("field", Param::Text(field.clone())),
            ("times", Param::Int(i64::try_from(*times).unwrap_or(i64::MAX))),
        ];
        sql::run(connection, &query!("jobs/save_no_ids"), &params)?;
    }
    Ok(())
}

/// How often fields held no id, by source.
fn saved_no_ids(connection: &Connection) -> Result<BTreeMap<String, BTreeMap<String, u64>>, StoreError> {
    let frame = sql::frame(connection, &query!("jobs/load_no_ids"), &Params::new(), usize::MAX)?;
    let (sources, fields) = (frame.column("source")?.str()?, frame.column("field")?.str()?);
    let mut saved: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let rows = sources
        .iter()
        .zip(fields.iter())
        .zip(frame.column("times")?.i64()?.iter());
    for ((source, field), times) in rows {
        if let (Some(source), Some(field), Some(times)) = (source, field, times) {
            let times = u64::try_from(times).unwrap_or(0);
            saved.entry(source.into()).or_default().insert(field.into(), times);
        }
    }
    Ok(saved)
}

fn params(source: &str, tally: &Tally) -> Params {
    let time = |at: Option<DateTime<Utc>>| at.map_or(Param::Null, Param::Time);
    let count = |n: u64| Param::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let lag = tally.lag.and_then(|lag| lag.num_microseconds());
    vec![
        ("source", Param::Text(source.to_owned())),
        ("last_delivery_at", time(tally.last_delivery)),
        ("last_accepted_at", time(tally.last_accepted)),
        ("deliveries", count(tally.deliveries)),
        ("accepted", count(tally.accepted)),
        ("duplicates", count(tally.duplicates)),
        ("conflicts", count(tally.conflicts)),
        ("rejected", count(tally.rejected)),
        ("forged", count(tally.forged)),
        ("unsupported", count(tally.unsupported)),
        ("unparseable", count(tally.unparseable)),
        ("lag_micros", lag.map_or(Param::Null, Param::Int)),
    ]
}

/// The counts as they were saved last.
pub(in crate::store) fn load(connection: &Connection) -> Result<Tallies, StoreError> {
    let frame = sql::frame(connection, &query!("jobs/load_tallies"), &Params::new(), usize::MAX)?;
    let ignored = sql::frame(connection, &query!("jobs/load_ignored"), &Params::new(), usize::MAX)?;
    let mut ignored = IgnoredCounts::saved(&ignored)?;
    let mut no_ids = saved_no_ids(connection)?;
    let mut counted = Counted::default();
    for (row, source) in frame.column("source")?.str()?.iter().enumerate() {
        let source = source.unwrap_or_default();
        let entry = Entry {
            tally: Tally {
                ignored: ignored.remove(source).unwrap_or_default(),
                no_ids: no_ids.remove(source).unwrap_or_default(),
                ..saved(&frame, row)?
            },
            changed: false,
        };
        counted.tallies.insert(source.to_owned(), entry);
    }
    Ok(Tallies {
        counted: Mutex::new(counted),
        unattributed: Mutex::default(),
    })
}

fn saved(frame: &DataFrame, row: usize) -> Result<Tally, StoreError> {
    let int = |name: &str| -> Result<Option<i64>, StoreError> { Ok(frame.column(name)?.i64()?.get(row)) };
    let count = |name: &str| Ok::<u64, StoreError>(int(name)?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0));
    let time = |name: &str| int(name)?.map(sql::instant).transpose();
    Ok(Tally {
        last_delivery: time("last_delivery_at")?,
        last_accepted: time("last_accepted_at")?,
        deliveries: count("deliveries")?,
        accepted: count("accepted")?,
        duplicates: count("duplicates")?,
        conflicts: count("conflicts")?,
        rejected: count("rejected")?,
        forged: count("forged")?,
        unsupported: count("unsupported")?,
        unparseable: count("unparseable")?,
        lag: int("lag_micros")?.map(TimeDelta::microseconds),
        ..Tally::default()
    })
}
