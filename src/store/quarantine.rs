//! The quarantine: entities that are left out of the facts, and what can be done about them.
//!
//! The fold sets aside what has more rows than one entity may have and what it cannot fold, and goes on with the rest.
//! Events of an entity that is set aside are kept as all others; its facts are made again when it is taken back.

use chrono::{DateTime, Utc};
use duckdb::Connection;
use polars::prelude::DataFrame;

use super::{Store, StoreError, folding, lock, read, writer};
use crate::model::{Param, Params};
use crate::query;

/// What kind of entity was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKind {
    /// A payment under all its names.
    Payment,
    /// A conversation under all its names.
    Conversation,
    /// All checkouts of one platform with one id.
    Checkout,
    /// A bot's life; its days and its payments are facts of their own.
    Bot,
}

impl EntityKind {
    /// Every kind.
    pub const ALL: [EntityKind; 4] = [
        EntityKind::Payment,
        EntityKind::Conversation,
        EntityKind::Checkout,
        EntityKind::Bot,
    ];

    /// Its name, as in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            EntityKind::Payment => "payment",
            EntityKind::Conversation => "conversation",
            EntityKind::Checkout => "checkout",
            EntityKind::Bot => "bot",
        }
    }
}

/// What is to become of an entity that was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetAsideState {
    /// It is tried again when the program or its limit has changed.
    SetAside,
    /// It stays out until somebody takes it back.
    Dropped,
    /// The next fold tries it again.
    Retry,
}

impl SetAsideState {
    /// Every state.
    pub const ALL: [SetAsideState; 3] = [SetAsideState::SetAside, SetAsideState::Dropped, SetAsideState::Retry];

    /// Its name, as in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            SetAsideState::SetAside => "set_aside",
            SetAsideState::Dropped => "dropped",
            SetAsideState::Retry => "retry",
        }
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
    pub(super) key: i64,
    /// Platform and id of a checkout, by which facts are joined.
    pub(super) checkout: Option<(String, String)>,
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

impl Store {
    /// Everything that is left out of the facts, the oldest first. Costs no read.
    pub fn quarantined(&self) -> Vec<SetAside> {
        lock(&self.shared.quarantine).clone()
    }

    /// What the ledger holds of one entity; `None` where nothing with this id is set aside. Blocking.
    ///
    /// # Errors
    /// When the database fails.
    pub fn show_set_aside(&self, id: &str) -> Result<Option<SetAsideDetail>, StoreError> {
        let Some(entity) = self.quarantined().into_iter().find(|entity| entity.id == id) else {
            return Ok(None);
        };
        let text = |text: Option<&String>| text.map_or(Param::Null, |text| Param::Text(text.clone()));
        let checkout = entity.checkout.as_ref();
        let params: Params = vec![
            ("kind", Param::Text(entity.kind.as_str().to_owned())),
            ("key", Param::Int(entity.key)),
            ("platform", text(checkout.map(|(platform, _)| platform))),
            ("name", text(checkout.map(|(_, name)| name))),
        ];
        let readers = &self.shared.readers;
        let query = query!("serve/set_aside_events");
        let frame = self.reading(|connection| read::frame(connection, &query, &params, readers.row_limit()))?;
        detail(entity, &frame).map(Some)
    }

    /// Leaves an entity out for good, whatever changes, until it is taken back; false where nothing with this id is
    /// set aside. Blocking, behind the fold.
    ///
    /// # Errors
    /// When the database fails, or the deadline has passed before the fold has made way.
    pub fn drop_set_aside(&self, id: &str) -> Result<bool, StoreError> {
        self.mark_set_aside(id, SetAsideState::Dropped)
    }

    /// Has the next fold try an entity again, with the next events or within a minute: then it is a fact once more, or
    /// set aside anew. False where nothing with this id is set aside. Blocking, behind the fold.
    ///
    /// # Errors
    /// When the database fails, or the deadline has passed before the fold has made way.
    pub fn retry_set_aside(&self, id: &str) -> Result<bool, StoreError> {
        self.mark_set_aside(id, SetAsideState::Retry)
    }

    fn mark_set_aside(&self, id: &str, state: SetAsideState) -> Result<bool, StoreError> {
        let connection = lock(&self.shared.folding);
        // Whoever was told that it took too long is not surprised later.
        self.check()?;
        let params: Params = vec![
            ("id", Param::Text(id.to_owned())),
            ("state", Param::Text(state.as_str().to_owned())),
        ];
        folding::run(&connection, &query!("jobs/mark_set_aside"), &params)?;
        let entities = load(&connection)?;
        let found = entities.iter().any(|entity| entity.id == id);
        *lock(&self.shared.quarantine) = entities;
        Ok(found)
    }
}

/// Everything that is set aside, as the tables have it.
pub(super) fn load(connection: &Connection) -> Result<Vec<SetAside>, StoreError> {
    let frame = read::frame(connection, &query!("jobs/load_set_aside"), &Params::new(), usize::MAX)?;
    let text = |name: &str| -> Result<_, StoreError> { Ok(frame.column(name)?.str()?) };
    let (id, kind, state, program) = (text("id")?, text("kind")?, text("state")?, text("program")?);
    let (platform, name, reason, sources) = (text("platform")?, text("name")?, text("reason")?, text("sources")?);
    let int = |name: &str| -> Result<_, StoreError> { Ok(frame.column(name)?.i64()?) };
    let (key, rows, limit) = (int("key")?, int("rows")?, int("row_limit")?);
    let (first, since) = (int("first_received")?, int("since")?);
    let impossible = || StoreError::Corrupt("an entity is set aside that is none");
    (0..frame.height())
        .map(|row| {
            let key = key.get(row).unwrap_or_default();
            Ok(SetAside {
                id: id.get(row).unwrap_or_default().to_owned(),
                kind: EntityKind::ALL
                    .into_iter()
                    .find(|one| Some(one.as_str()) == kind.get(row))
                    .ok_or_else(impossible)?,
                hash: hash(key),
                rows: count(rows.get(row)),
                limit: limit.get(row).map(|limit| count(Some(limit))),
                reason: reason.get(row).unwrap_or_default().to_owned(),
                first_received: writer::instant(first.get(row).unwrap_or_default())?,
                since: writer::instant(since.get(row).unwrap_or_default())?,
                sources: sources
                    .get(row)
                    .unwrap_or_default()
                    .lines()
                    .map(str::to_owned)
                    .collect(),
                program: program.get(row).unwrap_or_default().to_owned(),
                state: SetAsideState::ALL
                    .into_iter()
                    .find(|one| Some(one.as_str()) == state.get(row))
                    .ok_or_else(impossible)?,
                key,
                checkout: platform
                    .get(row)
                    .zip(name.get(row))
                    .map(|(platform, name)| (platform.to_owned(), name.to_owned())),
            })
        })
        .collect()
}

/// A key as answers show it.
pub(super) fn hash(key: i64) -> String {
    hex::encode(key.to_be_bytes())
}

fn count(n: Option<i64>) -> u64 {
    n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}

fn detail(entity: SetAside, frame: &DataFrame) -> Result<SetAsideDetail, StoreError> {
    let text = |name: &str, row: usize| -> Result<String, StoreError> {
        Ok(frame.column(name)?.str()?.get(row).unwrap_or_default().to_owned())
    };
    let int = |name: &str, row: usize| -> Result<Option<i64>, StoreError> {
        Ok((row < frame.height())
            .then(|| frame.column(name))
            .transpose()?
            .map(|column| column.i64())
            .transpose()?
            .and_then(|n| n.get(row)))
    };
    let time = |name: &str, row: usize| int(name, row)?.map(writer::instant).transpose();
    let part = |row: usize| {
        Ok(SetAsidePart {
            source: text("source", row)?,
            kind: text("kind", row)?,
            events: count(int("events", row)?),
            sample: text("sample", row)?,
            first_received: time("first_received", row)?.unwrap_or_default(),
            last_received: time("last_received", row)?.unwrap_or_default(),
        })
    };
    Ok(SetAsideDetail {
        events: count(int("all_events", 0)?),
        first_received: time("first_of_all", 0)?,
        last_received: time("last_of_all", 0)?,
        parts: (0..frame.height()).map(part).collect::<Result<_, StoreError>>()?,
        entity,
    })
}
