//! The room that events take in the budget of bytes in flight, from their body until they are handed to the store.

use super::batch::{Judged, Room};
use crate::config::Limits;
use crate::http::Problem;
use crate::http::body::Body;
use crate::http::flight::{PER_EVENT, Permit};

/// Bytes that an event usually has at least; more of them in as many bytes take more room than is made at first.
const USUAL: usize = 128;

/// Bytes that events of a given size usually take at most, in addition to themselves.
pub fn usual(bytes: usize, limits: &Limits) -> usize {
    taken(bytes, limits.batch_events.min(bytes / USUAL + 1))
}

/// Bytes that a number of events take: their texts, once as they are and once in columns, and what each takes besides.
fn taken(texts: usize, events: usize) -> usize {
    2 * texts + events * PER_EVENT
}

/// Judges a body within the budget, and lets go of it; what its events take is held on.
///
/// # Errors
/// The errors of `judge`, or `busy` if there is no room for the events.
pub fn judged(
    body: Body,
    judge: impl FnOnce(&mut Room<'_>, &[u8]) -> Result<Judged, Problem>,
) -> Result<(Judged, Permit), Problem> {
    let Body { bytes, mut permit } = body;
    let texts = bytes.len();
    let mut room = |events: usize| {
        let needed = bytes.capacity() + taken(texts, events);
        permit.grow(needed.saturating_sub(permit.held()))
    };
    let judged = judge(&mut room, &bytes)?;
    permit.shrink_to(taken(texts, judged.events.len() + judged.rejected.len()));
    Ok((judged, permit))
}
