//! What is left out of the facts, and why, as the API and the commands tell it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value as Json, json};

use super::answer::refusal::{Fault, QuestionError};
use crate::store::{EntityKind, SetAside, SetAsidePart, SetAsideState, Store, StoreError};

/// Entities of one list; how many more there are is told.
const LISTED: usize = 1_000;

/// What a list is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    state: Option<SetAsideState>,
    kind: Option<EntityKind>,
    limit: usize,
    /// The place in the order of lists behind which it begins: `since` in microseconds, and the id.
    after: Option<(i64, String)>,
}

impl Wanted {
    /// Reads `state`, `kind`, `limit` and `after`.
    ///
    /// # Errors
    /// Names the first parameter that is none, given twice or has a value it does not take.
    pub fn read(pairs: &[(String, String)]) -> Result<Self, QuestionError> {
        let mut wanted = Wanted {
            state: None,
            kind: None,
            limit: LISTED,
            after: None,
        };
        for (index, (name, value)) in pairs.iter().enumerate() {
            let invalid = |message: String| QuestionError::invalid(name, message);
            let one_of = |names: &[&str]| invalid(format!("must be one of {}, not `{value}`", names.join(", ")));
            if pairs[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(invalid("is given more than once".to_owned()));
            }
            match name.as_str() {
                "state" => {
                    let found = SetAsideState::ALL.iter().copied().find(|one| one.as_str() == value);
                    let names: Vec<&str> = SetAsideState::ALL.iter().map(|one| one.as_str()).collect();
                    wanted.state = Some(found.ok_or_else(|| one_of(&names))?);
                }
                "kind" => {
                    let found = EntityKind::ALL.iter().copied().find(|one| one.as_str() == value);
                    let names: Vec<&str> = EntityKind::ALL.iter().map(|one| one.as_str()).collect();
                    wanted.kind = Some(found.ok_or_else(|| one_of(&names))?);
                }
                "limit" => {
                    let number = value.parse().ok().filter(|number| (1..=LISTED).contains(number));
                    let must = || invalid(format!("must be a number from 1 to {LISTED}, not `{value}`"));
                    wanted.limit = number.ok_or_else(must)?;
                }
                "after" => {
                    let place = value.split_once('-');
                    let place = place.and_then(|(since, id)| Some((since.parse().ok()?, id.to_owned())));
                    let must = || invalid("must be `next` of the list before".to_owned());
                    wanted.after = Some(place.ok_or_else(must)?);
                }
                _ => {
                    return Err(QuestionError {
                        fault: Fault::UnknownParameter,
                        ..invalid("is no parameter here".to_owned())
                    });
                }
            }
        }
        Ok(wanted)
    }

    fn holds(&self, entity: &SetAside) -> bool {
        let behind = |(since, id): &(i64, String)| (entity.since.timestamp_micros(), &entity.id) > (*since, id);
        self.state.is_none_or(|state| entity.state == state)
            && self.kind.is_none_or(|kind| entity.kind == kind)
            && self.after.as_ref().is_none_or(behind)
    }
}

/// What is set aside, the oldest first, how many more there are, and where those begin.
pub fn listed(store: &Store, wanted: &Wanted) -> Json {
    let mut all = store.quarantined();
    all.retain(|entity| wanted.holds(entity));
    let others = all.len().saturating_sub(wanted.limit);
    all.truncate(wanted.limit);
    let last = all.last().filter(|_| others > 0);
    json!({
        "quarantine": all.iter().map(described).collect::<Vec<_>>(),
        "others": others,
        "next": last.map(|last| format!("{}-{}", last.since.timestamp_micros(), last.id)),
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
