//! Points in time as people and programs write them in a question.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use crate::model::time::{local_instant, local_midnight};

/// The same wall-clock time, some days earlier.
pub fn days_before(days: u64, to: DateTime<Utc>, tz: Tz) -> DateTime<Utc> {
    let wall = to.with_timezone(&tz).naive_local();
    wall.checked_sub_days(Days::new(days))
        .map_or(to, |wall| local_instant(wall, tz))
}

/// Reads RFC 3339, or a local date or time in `tz`.
pub fn parse_instant(text: &str, tz: Tz) -> Option<DateTime<Utc>> {
    if let Some(at) = parse_rfc3339(text) {
        return Some(at);
    }
    if text.len() == "2016-07-01".len() {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        return Some(local_midnight(date, tz));
    }
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"];
    let wall = forms
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(local_instant(wall, tz))
}

/// Reads RFC 3339. A `+` that a client did not escape has become a space; it is one again.
pub fn parse_rfc3339(text: &str) -> Option<DateTime<Utc>> {
    let mut text = text.to_owned();
    if let Some(at) = text
        .len()
        .checked_sub("+00:00".len())
        .filter(|at| text.as_bytes()[*at] == b' ')
    {
        text.replace_range(at..=at, "+");
    }
    DateTime::parse_from_rfc3339(&text)
        .ok()
        .map(|at| at.with_timezone(&Utc))
}
