//! Points in time as people and programs write them in a question.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat};
use chrono::{TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use crate::model::time::local_instant;

/// The same wall-clock time, some days earlier.
pub fn days_before(days: u64, to: DateTime<Utc>, tz: Tz) -> DateTime<Utc> {
    let wall = to.with_timezone(&tz).naive_local();
    wall.checked_sub_days(Days::new(days))
        .map_or(to, |wall| local_instant(wall, tz))
}

/// Reads RFC 3339, or a local date or time in `tz`.
pub fn parse_instant(text: &str, tz: Tz) -> Option<DateTime<Utc>> {
    match parse_rfc3339(text) {
        Some(at) => Some(at),
        None => whole_microseconds(local_instant(parse_local(text)?, tz)),
    }
}

/// Reads RFC 3339. A `+` that a client did not escape has become a space; it is one again.
pub fn parse_rfc3339(text: &str) -> Option<DateTime<Utc>> {
    whole_microseconds(with_offset(text)?.with_timezone(&Utc))
}

/// The end of the day, or where `hourly` of the hour, that a moment in its last minute probably stands for, written
/// as that moment was.
pub fn meant_end(text: &str, hourly: bool) -> Option<String> {
    let zoned = with_offset(text);
    let wall = zoned.map_or_else(|| parse_local(text), |at| Some(at.naive_local()))?;
    let unit = if hourly { 3600 } else { 86_400 };
    let seconds = i64::from(wall.num_seconds_from_midnight());
    let left = unit - seconds % unit;
    if left > 60 {
        return None;
    }
    let midnight = wall.date().and_time(NaiveTime::MIN);
    let end = midnight.checked_add_signed(TimeDelta::seconds(seconds + left))?;
    Some(match zoned {
        Some(at) => {
            let end = end.and_local_timezone(*at.offset()).single()?;
            end.to_rfc3339_opts(SecondsFormat::Secs, true)
        }
        None if end.time() == NaiveTime::MIN => end.date().to_string(),
        None => end.format("%Y-%m-%dT%H:%M").to_string(),
    })
}

fn with_offset(text: &str) -> Option<DateTime<FixedOffset>> {
    let mut text = text.to_owned();
    if let Some(at) = text
        .len()
        .checked_sub("+00:00".len())
        .filter(|at| text.as_bytes()[*at] == b' ')
    {
        text.replace_range(at..=at, "+");
    }
    DateTime::parse_from_rfc3339(&text).ok()
}

/// A date or a time without an offset, of a year with four digits.
fn parse_local(text: &str) -> Option<NaiveDateTime> {
    let date = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let time = |form| NaiveDateTime::parse_from_str(text, form).ok();
    let wall = if text.len() == "2016-07-01".len() {
        date()?.and_time(NaiveTime::MIN)
    } else {
        time("%Y-%m-%dT%H:%M").or_else(|| time("%Y-%m-%dT%H:%M:%S%.f"))?
    };
    (0..=9999).contains(&wall.year()).then_some(wall)
}

/// An instant as it is counted: the second after a leap second is its end.
fn whole_microseconds(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(at.timestamp_micros())
}
