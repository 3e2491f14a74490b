//! What becomes of a genuine notice. All providers, the database and the counts of the sources tell it in these terms.

use serde_json::json;

use crate::model::{Event, EventType};

/// What becomes of a genuine notice: it is counted, as one event or as something else, or it is not.
pub type Verdict<T = Event, R = &'static str> = Result<T, Uncounted<R>>;

/// What becomes of a genuine notice that is kept and not counted. Its event has the type [`EventType::Other`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uncounted<R = &'static str> {
    /// Nothing of its type is counted.
    Ignored,
    /// Its type is counted, but this one cannot be: why.
    Quarantined(R),
}

/// Why a stored notice is quarantined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its type; none where the notice could not be read.
    pub notice: Option<String>,
    /// The reason, in one word.
    pub reason: String,
}

/// What became of the notice that an event stands for.
pub fn of(event: &Event) -> Verdict<(), Cause> {
    match (event.kind, &event.reason) {
        (EventType::Other, None) => Err(Uncounted::Ignored),
        (EventType::Other, Some(reason)) => Err(Uncounted::Quarantined(Cause {
            notice: event.notice.clone(),
            reason: reason.clone(),
        })),
        _ => Ok(()),
    }
}

/// What the digest of an uncounted event is made of. It is never read back: earlier versions stored it, and the same
/// notice has to keep its digest.
pub fn text(event: &Event) -> Option<String> {
    match (&event.notice, &event.reason) {
        (None, None) => None,
        (Some(notice), Some(reason)) => Some(json!({ "reason": reason, "type": notice }).to_string()),
        (Some(one), None) | (None, Some(one)) => Some(json!({ "type": one }).to_string()),
    }
}
