//! What of a call is not read: every property, and of the call and its context what resembles a field.

use super::super::json::{Members, Slot};
use super::super::{data, misspelt};
use super::{ALIASES, Message, OF_CONTEXT, SUMS};
use crate::ingest::privacy::fields::plain;
use crate::model::{EventType, Ignored};

/// What is read of a call itself.
const READ: [&str; 8] = [
    "type",
    "event",
    "messageId",
    "timestamp",
    "userId",
    "anonymousId",
    "properties",
    "context",
];

/// What is not read of a call that became an event of some type; `amount` is what its amount held besides.
pub(super) fn ignored(message: &Message<'_>, text: &str, kind: EventType, amount: Ignored) -> Ignored {
    let mut ignored = Ignored::default();
    for mut field in amount.fields {
        field.field = field.field.replacen("data.", "properties.", 1);
        ignored.add(field);
    }
    if let Slot::Object(properties) = &message.properties {
        for (name, value) in properties.iter() {
            if value.get() != "null" && !is_read(kind, name) {
                ignored.add(misspelt::ignored("properties.", name, property(kind, name)));
            }
        }
    }
    if let Slot::Object(context) = &message.context {
        for (name, _) in context.iter().filter(|(name, _)| !OF_CONTEXT.contains(name)) {
            let own = misspelt::nearest(name, OF_CONTEXT).map(|field| format!("context.{field}"));
            if let Some(meant) = own.or_else(|| id(kind, name)) {
                ignored.add(misspelt::ignored("context.", name, Some(meant)));
            }
        }
    }
    let members = Members::parse(text).unwrap_or_default();
    for (name, _) in members.iter().filter(|(name, _)| !READ.contains(name)) {
        let own = misspelt::nearest(name, READ).map(str::to_owned);
        let of_context = || misspelt::nearest(name, OF_CONTEXT).map(|field| format!("properties.{field}"));
        if let Some(meant) = own.or_else(of_context).or_else(|| id(kind, name)) {
            ignored.add(misspelt::ignored("", name, Some(meant)));
        }
    }
    ignored
}

/// The name of a call that is not counted, where it resembles one that would be.
pub(super) fn name(name: &str) -> Ignored {
    let types = EventType::ALL.iter().filter(|kind| **kind != EventType::Other);
    let mut ignored = Ignored::default();
    if let Some(meant) = misspelt::nearest(name, types.map(|kind| kind.as_str())) {
        ignored.add(misspelt::ignored("", "event", Some(meant.to_owned())));
    }
    ignored
}

/// Names of Segment's own specifications that are read as a field of the type.
fn others(kind: EventType) -> impl Iterator<Item = &'static str> {
    let has = move |field: &str| data::names(kind).any(|known| known == field);
    let aliases = ALIASES
        .iter()
        .filter(move |(field, _)| has(field))
        .map(|(_, name)| *name);
    let sums = SUMS.into_iter().chain(["currency"]);
    aliases.chain(sums.filter(move |_| has("amount")))
}

fn is_read(kind: EventType, name: &str) -> bool {
    data::names(kind).chain(others(kind)).any(|known| known == name)
}

/// The property that was probably meant.
fn property(kind: EventType, name: &str) -> Option<String> {
    let written = plain(name);
    let alias = others(kind).find(|known| plain(known) == written);
    let of_none = !data::all_names().any(|known| known == name);
    let field = || misspelt::nearest(name, data::names(kind).filter(|_| of_none));
    alias.or_else(field).map(|field| format!("properties.{field}"))
}

/// The property that an id should have been.
fn id(kind: EventType, name: &str) -> Option<String> {
    let written = plain(name);
    let mut ids = data::names(kind).filter(|field| field.ends_with("_id"));
    ids.find(|field| plain(field) == written)
        .map(|field| format!("properties.{field}"))
}
