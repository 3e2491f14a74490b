//! What is left out of the facts, and why, as the API and the commands tell it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value as Json, json};

use crate::store::{SetAside, SetAsidePart, Store, StoreError};

/// Entities of one list; how many more there are is told.
const LISTED: usize = 1_000;

/// Everything that is set aside, the oldest first.
pub fn listed(store: &Store) -> Json {
    let all = store.quarantined();
    let others = all.len().saturating_sub(LISTED);
    json!({
        "quarantine": all.iter().take(LISTED).map(described).collect::<Vec<_>>(),
        "others": others,
    })
}

/// One entity with what the ledger holds of it; none where nothing with this id is set aside. Blocking.
///
/// # Errors
/// When the database fails.
pub fn shown(store: &Store, id: &str) -> Result<Option<Json>, StoreError> {
    let Some(detail) = store.show_set_aside(id)? else {
        return Ok(None);
    };
    let mut json = described(&detail.entity);
    json["events"] = detail.events.into();
    json["last_received"] = detail.last_received.map(stamp).into();
    json["parts"] = detail.parts.iter().map(part).collect::<Vec<_>>().into();
    Ok(Some(json))
}

fn described(entity: &SetAside) -> Json {
    json!({
        "id": entity.id,
        "kind": entity.kind.as_str(),
        "hash": entity.hash,
        "state": entity.state.as_str(),
        "reason": entity.reason,
        "rows": entity.rows,
        "limit": entity.limit,
        "sources": entity.sources,
        "first_received": stamp(entity.first_received),
        "since": stamp(entity.since),
        "program": entity.program,
    })
}

fn part(part: &SetAsidePart) -> Json {
    json!({
        "source": part.source,
        "type": part.kind,
        "events": part.events,
        "sample": part.sample,
        "first_received": stamp(part.first_received),
        "last_received": stamp(part.last_received),
    })
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}
