//! Exact identities of events, for all time: a filter, the recent ones, and sorted segments.
//!
//! The filter answers for nearly every new event. What it cannot exclude is looked up: first
//! among the recent identities, which are in memory, then in `event_keys`, whose segments are
//! sorted by hash so that zone maps prune the look-up to a few row groups.

use std::collections::HashMap;

use duckdb::Connection;
use duckdb::types::Value;

use super::filter::{Filter, Key};
use crate::query;
use crate::store::{StoreError, sql};

/// Recent identities at which they become a sorted segment.
const SEGMENT: usize = 500_000;

/// Identity and content of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// First half of the digest of (`source`, `id`).
    pub high: i64,
    /// Second half.
    pub low: i64,
    /// Digest of type, subject and data.
    pub content: i64,
    /// The same by the rules of earlier versions; mostly the same digest.
    pub former: i64,
}

impl Identity {
    /// What it is looked up by.
    pub fn key(&self) -> Key {
        (self.high, self.low)
    }

    /// Whether an event of this identity that was accepted with some content is the same event.
    pub fn is(&self, content: i64) -> bool {
        self.content == content || self.former == content
    }
}

/// All identities ever accepted.
pub struct Identities {
    filter: Filter,
    recent: HashMap<Key, i64>,
}

impl Identities {
    /// Reads them back after a start.
    pub fn load(connection: &Connection) -> Result<Self, StoreError> {
        let count: i64 = sql::row(connection, &query!("ingest/count_keys"), [], |row| row.get(0))?;
        let mut identities = Identities {
            filter: Filter::with_capacity(count as usize),
            recent: HashMap::new(),
        };
        sql::each(connection, &query!("ingest/all_keys"), |[high, low]| {
            identities.filter.insert((high, low));
        })?;
        sql::each(connection, &query!("ingest/recent_keys"), |[high, low, content]| {
            identities.remember((high, low), content);
        })?;
        Ok(identities)
    }

    /// Contents of those of `ids` that were accepted before.
    pub fn known(&self, connection: &Connection, ids: &[Identity]) -> Result<HashMap<Key, i64>, StoreError> {
        let mut known = HashMap::new();
        let mut suspects = Vec::new();
        for id in ids.iter().filter(|id| self.filter.may_contain(id.key())) {
            match self.recent.get(&id.key()) {
                Some(content) => {
                    known.insert(id.key(), *content);
                }
                None => suspects.push(Value::BigInt(id.high)),
            }
        }
        if suspects.is_empty() {
            return Ok(known);
        }
        let mut statement = connection.prepare(query!("ingest/find_keys").sql)?;
        let mut rows = statement.query([Value::List(suspects)])?;
        while let Some(row) = rows.next()? {
            known.insert((row.get(0)?, row.get(1)?), row.get(2)?);
        }
        Ok(known)
    }

    /// Remembers an identity after its commit.
    pub fn remember(&mut self, key: Key, content: i64) {
        self.filter.insert(key);
        self.recent.insert(key, content);
    }

    /// Whether the recent identities are worth a segment.
    pub fn segment_due(&self) -> bool {
        self.recent.len() >= SEGMENT
    }

    /// Moves the recent identities into a sorted segment.
    pub fn write_segment(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(query!("ingest/write_segment").sql)?;
        transaction.commit()?;
        self.recent.clear();
        Ok(())
    }
}
