//! The quarantine: entities that are left out of the facts, and what can be done about them.
//!
//! The fold sets aside entities that have more rows than allowed or cannot be folded, and continues with the rest.
//! Events of an entity that is set aside are kept as all others; its facts are made again when it is taken back.

use chrono::{DateTime, Utc};
use duckdb::Connection;
use polars::prelude::DataFrame;

use crate::model::{Param, Params, vocabulary};
use crate::query;
use crate::store::{StoreError, sql};

vocabulary! {
    /// What kind of entity was set aside.
    EntityKind {
        /// A payment under all its names.
        Payment = "payment",
        /// A conversation under all its names.
        Conversation = "conversation",
        /// All checkouts of one platform with one id.
        Checkout = "checkout",
        /// A bot's life; its days and its payments are facts of their own.
        Bot = "bot",
    }
}

vocabulary! {
    /// What is to become of an entity that was set aside.
    SetAsideState {
        /// It is tried again when the program or its limit has changed.
        SetAside = "set_aside",
        /// It stays out until somebody takes it back.
        Dropped = "dropped",
        /// The next fold tries it again.
        Retry = "retry",
    }
}

/// An entity that is left out of the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Names it in commands and addresses: the kind, a hyphen and the hash.
    pub id: String,
    /// What it is.
    pub kind: EntityKind,
    /// The digest of its id, as 16 hexadecimal digits.
    pub hash: String,
    /// Rows that it had when it was set aside.
    pub rows: u64,
    /// The number of rows that it exceeded; none where that is not why.
    pub limit: Option<u64>,
    /// Why, in a sentence.
    pub reason: String,
    /// Receipt of the first of its events.
    pub first_received: DateTime<Utc>,
    /// Questions as of this moment and later do not see it.
    pub since: DateTime<Utc>,
    /// Where its events came from: webhooks as in events, the address of a native way in for all others.
    pub sources: Vec<String>,
    /// Version of the program that set it aside.
    pub program: String,
    /// What is to become of it.
    pub state: SetAsideState,
    key: i64,
    /// Platform and id of a checkout, by which facts are joined.
    checkout: Option<(String, String)>,
}

/// What the ledger holds of an entity that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAsideDetail {
    /// The entity.
    pub entity: SetAside,
    /// Its events so far, as far as folds read them.
    pub events: u64,
    /// Receipt of the first of them.
    pub first_received: Option<DateTime<Utc>>,
    /// Receipt of the last of them.
    pub last_received: Option<DateTime<Utc>>,
    /// The same by source and type, the most frequent first; at most 20.
    pub parts: Vec<SetAsidePart>,
}

/// Events of one source and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAsidePart {
    /// As the events state it.
    pub source: String,
    /// As the events state it.
    pub kind: String,
    /// How many there are.
    pub events: u64,
    /// The id of the first of them.
    pub sample: String,
    /// Receipt of the first of them.
    pub first_received: DateTime<Utc>,
    /// Receipt of the last of them.
    pub last_received: DateTime<Utc>,
}

impl SetAside {
    /// What finds its events.
    pub(super) fn params(&self) -> Params {
        let text = |text: Option<&String>| text.map_or(Param::Null, |text| Param::Text(text.clone()));
        let checkout = self.checkout.as_ref();
        vec![
            ("kind", Param::Text(self.kind.as_str().to_owned())),
            ("key", Param::Int(self.key)),
            ("platform", text(checkout.map(|(platform, _)| platform))),
            ("name", text(checkout.map(|(_, name)| name))),
        ]
    }
}

/// Everything that is set aside, as the tables have it.
pub fn load(connection: &Connection) -> Result<Vec<SetAside>, StoreError> {
    let frame = sql::frame(connection, &query!("jobs/load_set_aside"), &Params::new(), usize::MAX)?;
    let rows = sql::Rows(&frame);
    let impossible = || StoreError::Corrupt("an entity is set aside that is none");
    (0..frame.height())
        .map(|row| {
            let (kind, state) = (rows.text("kind", row)?, rows.text("state", row)?);
            let key = rows.int("key", row)?.unwrap_or_default();
            Ok(SetAside {
                id: rows.string("id", row)?,
                kind: kind.and_then(EntityKind::parse).ok_or_else(impossible)?,
                hash: hash(key),
                rows: rows.count("rows", row)?,
                limit: rows
                    .int("row_limit", row)?
                    .map(|limit| u64::try_from(limit).unwrap_or(0)),
                reason: rows.string("reason", row)?,
                first_received: rows.time("first_received", row)?.unwrap_or_default(),
                since: rows.time("since", row)?.unwrap_or_default(),
                sources: rows.string("sources", row)?.lines().map(str::to_owned).collect(),
                program: rows.string("program", row)?,
                state: state.and_then(SetAsideState::parse).ok_or_else(impossible)?,
                key,
                checkout: rows
                    .text("platform", row)?
                    .zip(rows.text("name", row)?)
                    .map(|(platform, name)| (platform.to_owned(), name.to_owned())),
            })
        })
        .collect()
}

/// A key as answers show it.
pub fn hash(key: i64) -> String {
    hex::encode(key.to_be_bytes())
}

/// What the ledger holds of an entity, by the rows of its events.
pub fn detail(entity: SetAside, frame: &DataFrame) -> Result<SetAsideDetail, StoreError> {
    let rows = sql::Rows(frame);
    let part = |row: usize| {
        Ok(SetAsidePart {
            source: rows.string("source", row)?,
            kind: rows.string("kind", row)?,
            events: rows.count("events", row)?,
            sample: rows.string("sample", row)?,
            first_received: rows.time("first_received", row)?.unwrap_or_default(),
            last_received: rows.time("last_received", row)?.unwrap_or_default(),
        })
    };
    Ok(SetAsideDetail {
        events: rows.count("all_events", 0)?,
        first_received: rows.time("first_of_all", 0)?,
        last_received: rows.time("last_of_all", 0)?,
        parts: (0..frame.height()).map(part).collect::<Result<_, StoreError>>()?,
        entity,
    })
}
