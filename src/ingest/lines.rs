//! Lines of events, as files and bodies hold them: both are read by the same rules.

use chrono::{DateTime, Utc};

use super::batch::too_large;
use super::cloudevents;
use super::privacy::Privacy;
use super::rejection::Rejection;
use crate::model::Event;

/// The byte order mark that some programs write first; in joined files it can be before any line.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a text that hold something, with their numbers from 0.
pub fn of(text: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let lines = text.split(|byte| *byte == b'\n');
    let bare = lines.map(|line| line.strip_prefix(MARK).unwrap_or(line).trim_ascii());
    (0..).zip(bare).filter(|(_, line)| !line.is_empty())
}

/// Reads the event of one line.
///
/// # Errors
/// A rejection where it has more than `event_bytes` or breaks the contract.
pub fn judge(line: &[u8], event_bytes: usize, now: DateTime<Utc>, privacy: &Privacy) -> Result<Event, Rejection> {
    if line.len() > event_bytes {
        return Err(too_large(event_bytes));
    }
    cloudevents::parse(line, now, privacy)
}
