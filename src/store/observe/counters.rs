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
use super::refusals::{RecentRefusal, Refusals};
use crate::model::{Param, Params};
use crate::query;
use crate::store::{StoreError, sql};

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
pub struct SourceCounters {
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
    pub counters: BTreeMap<String, SourceCounters>,
    /// Refusals of late, the latest first.
    pub refusals: Vec<RecentRefusal>,
}

/// The counts and refusals of a running store.
#[derive(Default)]
pub struct Counters {
    pub(super) counted: Mutex<Counted>,
    pub(super) unattributed: Mutex<Option<Unattributed>>,
}

#[derive(Default)]
pub(super) struct Counted {
    pub sources: BTreeMap<String, Entry>,
    pub refusals: Refusals,
}

#[derive(Default)]
pub(super) struct Entry {
    pub counters: SourceCounters,
    /// True while the disk has other figures.
    pub changed: bool,
}

/// Payments without a bot by source, and the stamp up to which they are counted.
pub(super) type Unattributed = (DateTime<Utc>, BTreeMap<String, i64>);

impl Counters {
    /// The counts as they were saved last.
    pub fn load(connection: &Connection) -> Result<Self, StoreError> {
        let frame = sql::frame(connection, &query!("jobs/load_counters"), &Params::new(), usize::MAX)?;
        let ignored = sql::frame(connection, &query!("jobs/load_ignored"), &Params::new(), usize::MAX)?;
        let mut ignored = IgnoredCounts::saved(&ignored)?;
        let mut no_ids = saved_no_ids(connection)?;
        let mut counted = Counted::default();
        for (row, source) in frame.column("source")?.str()?.iter().enumerate() {
            let source = source.unwrap_or_default();
            let entry = Entry {
                counters: SourceCounters {
                    ignored: ignored.remove(source).unwrap_or_default(),
                    no_ids: no_ids.remove(source).unwrap_or_default(),
                    ..saved(&frame, row)?
                },
                changed: false,
            };
            counted.sources.insert(source.to_owned(), entry);
        }
        Ok(Counters {
            counted: Mutex::new(counted),
            unattributed: Mutex::default(),
        })
    }
}

impl Counted {
    /// Changes the counters of a source.
    pub fn change(&mut self, source: &str, change: impl FnOnce(&mut SourceCounters)) {
        if !self.sources.contains_key(source) {
            self.sources.insert(source.to_owned(), Entry::default());
        }
        if let Some(entry) = self.sources.get_mut(source) {
            change(&mut entry.counters);
            entry.changed = true;
        }
    }
}

/// Writes the counters of sources, all or none.
pub fn save(connection: &Connection, changed: &[(String, SourceCounters)]) -> Result<(), StoreError> {
    let transaction = connection.unchecked_transaction()?;
    for (source, counters) in changed {
        sql::run(&transaction, &query!("jobs/save_counters"), &params(source, counters))?;
        if counters.ignored.total() > 0 {
            counters.ignored.save(&transaction, source)?;
        }
        save_no_ids(&transaction, source, &counters.no_ids)?;
    }
    Ok(transaction.commit()?)
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
    let rows = sql::Rows(&frame);
    let mut saved: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for row in 0..frame.height() {
        let of_source = saved.entry(rows.string("source", row)?).or_default();
        of_source.insert(rows.string("field", row)?, rows.count("times", row)?);
    }
    Ok(saved)
}

fn params(source: &str, counters: &SourceCounters) -> Params {
    let time = |at: Option<DateTime<Utc>>| at.map_or(Param::Null, Param::Time);
    let count = |n: u64| Param::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let lag = counters.lag.and_then(|lag| lag.num_microseconds());
    vec![
        ("source", Param::Text(source.to_owned())),
        ("last_delivery_at", time(counters.last_delivery)),
        ("last_accepted_at", time(counters.last_accepted)),
        ("deliveries", count(counters.deliveries)),
        ("accepted", count(counters.accepted)),
        ("duplicates", count(counters.duplicates)),
        ("conflicts", count(counters.conflicts)),
        ("rejected", count(counters.rejected)),
        ("forged", count(counters.forged)),
        ("unsupported", count(counters.unsupported)),
        ("unparseable", count(counters.unparseable)),
        ("lag_micros", lag.map_or(Param::Null, Param::Int)),
    ]
}

fn saved(frame: &DataFrame, row: usize) -> Result<SourceCounters, StoreError> {
    let rows = sql::Rows(frame);
    Ok(SourceCounters {
        last_delivery: rows.time("last_delivery_at", row)?,
        last_accepted: rows.time("last_accepted_at", row)?,
        deliveries: rows.count("deliveries", row)?,
        accepted: rows.count("accepted", row)?,
        duplicates: rows.count("duplicates", row)?,
        conflicts: rows.count("conflicts", row)?,
        rejected: rows.count("rejected", row)?,
        forged: rows.count("forged", row)?,
        unsupported: rows.count("unsupported", row)?,
        unparseable: rows.count("unparseable", row)?,
        lag: rows.int("lag_micros", row)?.map(TimeDelta::microseconds),
        ..SourceCounters::default()
    })
}
