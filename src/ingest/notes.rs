//! What the statistics of sources record of each request: counts, and refusals in messages of our own.
//!
//! Nothing that a sender wrote is passed on: no id, no value, no message that quotes one.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::rejection::{Code, Rejection};
use super::verdict::{self, Cause, Uncounted, Verdict};
use super::webhooks::{Refusal, Webhook};
use crate::http::Problem;
use crate::model::{Event, Ignored, TimeOrigin};
use crate::store::{AppendOutcome, Counter, Delivered, Refused, Store, UNKNOWN_SOURCE};

/// What has to be kept of a delivery until it is known what became of its events.
pub struct Pending {
    verdicts: Vec<Verdict<(), Cause>>,
    /// Fields of each that hold no id.
    no_ids: Vec<Vec<&'static str>>,
    latest: Option<DateTime<Utc>>,
}

impl Pending {
    /// Of the events that are handed to the store, in their order.
    pub fn of(events: &[Event]) -> Self {
        let stated = events.iter().filter(|event| event.time_origin == TimeOrigin::Given);
        Pending {
            verdicts: events.iter().map(verdict::of).collect(),
            no_ids: events.iter().map(|event| event.without_ids().collect()).collect(),
            latest: stated.map(|event| event.time).max(),
        }
    }

    /// Records what became of them.
    pub fn note(self, store: &Store, source: &str, at: DateTime<Utc>, outcomes: &[AppendOutcome], rejected: usize) {
        let mut delivered = Delivered {
            rejected: rejected as u64,
            lag: self.latest.map(|latest| (at - latest).max(TimeDelta::zero())),
            ..Delivered::default()
        };
        for (verdict, outcome) in self.verdicts.iter().zip(outcomes) {
            match outcome {
                AppendOutcome::Duplicate => delivered.duplicates += 1,
                AppendOutcome::Conflict => delivered.conflicts += 1,
                AppendOutcome::Accepted => {
                    delivered.accepted += 1;
                    match verdict {
                        Ok(()) => {}
                        Err(Uncounted::Ignored) => delivered.unsupported += 1,
                        Err(Uncounted::Quarantined(cause)) => {
                            delivered.unparseable += 1;
                            quarantined(store, source, at, cause);
                        }
                    }
                }
            }
        }
        store.note_delivery(source, at, &delivered);
        let accepted = self
            .no_ids
            .iter()
            .zip(outcomes)
            .filter(|(_, outcome)| **outcome == AppendOutcome::Accepted);
        store.note_no_ids(source, accepted.flat_map(|(fields, _)| fields.iter().copied()));
    }
}

fn quarantined(store: &Store, source: &str, at: DateTime<Utc>, cause: &Cause) {
    let refused = Refused {
        code: &cause.reason,
        field: cause.notice.as_deref(),
        message: if cause.notice.is_none() {
            "a genuine body that cannot be read; it is stored but not counted"
        } else {
            "a genuine notice that cannot be counted exactly; it is stored with this reason but not counted"
        },
        times: 1,
    };
    store.note_refusal(source, at, &refused, None);
}

/// Records the ignored fields of accepted events.
pub fn ignored(store: &Store, source: &str, outcomes: &[AppendOutcome], ignored: &[Ignored]) {
    let accepted = outcomes.iter().zip(ignored);
    let accepted = accepted.filter(|(outcome, _)| **outcome == AppendOutcome::Accepted);
    store.note_ignored(source, accepted.map(|(_, ignored)| ignored));
}

/// Records rejected events, once for each code and field.
pub fn rejections(store: &Store, source: &str, at: DateTime<Utc>, rejected: &[(usize, Rejection)]) {
    let mut kinds: BTreeMap<(Code, Option<&str>), (u64, &str)> = BTreeMap::new();
    for (_, rejection) in rejected {
        // What a parser says may quote the text.
        let message = match rejection.code {
            Code::Malformed => Code::Malformed.meaning(),
            _ => &rejection.message,
        };
        let entry = kinds.entry((rejection.code, rejection.field.as_deref()));
        entry.or_insert((0, message)).0 += 1;
    }
    for ((code, field), (times, message)) in kinds {
        let refused = Refused {
            code: code.as_str(),
            field,
            message,
            times,
        };
        store.note_refusal(source, at, &refused, None);
    }
}

/// Records a request that was refused as a whole.
pub fn problem(store: &Store, source: &str, at: DateTime<Utc>, problem: &Problem) {
    let counter = match problem.code() {
        "unparseable" => Counter::Unparseable,
        _ => Counter::Rejected,
    };
    let refused = Refused {
        code: problem.code(),
        field: problem.at_fault(),
        message: problem.title(),
        times: 1,
    };
    store.note_refusal(source, at, &refused, Some(counter));
}

/// Records a request to a source that is not configured.
pub fn unknown_source(store: &Store, at: DateTime<Utc>, provider: &str, name: &str) {
    let asked = format!("{provider}/{name}");
    let refused = Refused {
        code: "unknown_source",
        field: Some(&asked),
        message: "something posts to a source that is not configured; check the address for a typing error",
        times: 1,
    };
    store.note_refusal(UNKNOWN_SOURCE, at, &refused, None);
}

/// Records a webhook that was refused.
pub fn refusal(store: &Store, webhook: &Webhook, at: DateTime<Utc>, refusal: &Refusal) {
    let (code, counter) = match refusal {
        Refusal::Missing(_) => ("signature_missing", Counter::Forged),
        Refusal::Malformed(_) | Refusal::Field(_) => ("signature_malformed", Counter::Forged),
        Refusal::OutsideTolerance => ("signature_outside_tolerance", Counter::Forged),
        Refusal::Mismatch => ("signature_mismatch", Counter::Forged),
        Refusal::ForeignAddress(_) => ("certificate_address", Counter::Forged),
        Refusal::Certificate(_) => ("certificate", Counter::Forged),
        Refusal::Replayed => ("transmission_replayed", Counter::Forged),
        Refusal::Challenge => ("challenge", Counter::Rejected),
        Refusal::Unavailable(_) => ("unverifiable", Counter::Rejected),
    };
    let field = match refusal {
        Refusal::Missing(name) | Refusal::Malformed(name) | Refusal::Field(name) | Refusal::ForeignAddress(name) => {
            Some(*name)
        }
        _ => None,
    };
    let refused = Refused {
        code,
        field,
        message: &refusal.to_string(),
        times: 1,
    };
    store.note_refusal(&webhook.address(), at, &refused, Some(counter));
}
