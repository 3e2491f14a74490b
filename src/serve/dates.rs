//! Dates and times as people read them.

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::model::Interval;
use crate::model::time::day_beginning;

/// The name of a bucket: as long as its interval needs.
pub fn bucket(start: DateTime<FixedOffset>, interval: Option<Interval>) -> String {
    let pattern = match interval {
        Some(Interval::Hour) => "%-d %b %Y, %H:%M",
        Some(Interval::Week) => "%-d %b %Y (week %V)",
        Some(Interval::Month) => "%B %Y",
        Some(Interval::Year) => "%Y",
        Some(Interval::Quarter) => {
            let quarter = (start.format("%m").to_string().parse::<u32>().unwrap_or(1) - 1) / 3 + 1;
            return format!("Q{quarter} {}", start.format("%Y"));
        }
        Some(Interval::Day) | None => "%-d %b %Y",
    };
    start.format(pattern).to_string()
}

/// An instant in the zone of the page: `1 Aug 2016, 00:00 UTC`.
pub fn instant(at: DateTime<Utc>, tz: Tz) -> String {
    at.with_timezone(&tz).format("%-d %b %Y, %H:%M %Z").to_string()
}

/// A period by its first and last day where both edges begin days, else by its instants.
pub fn period(from: DateTime<Utc>, to: DateTime<Utc>, tz: Tz) -> String {
    // In some zones a day now and then begins at one o'clock.
    let begins_a_day = |at| day_beginning(at, tz).is_some();
    let is_of_days = begins_a_day(from) && begins_a_day(to);
    let (from, to) = (from.with_timezone(&tz), to.with_timezone(&tz));
    if !is_of_days {
        return format!(
            "{} – {}",
            from.format("%-d %b %Y, %H:%M"),
            to.format("%-d %b %Y, %H:%M")
        );
    }
    let last = (to - TimeDelta::seconds(1)).date_naive();
    let first = from.date_naive();
    let last_text = last.format("%-d %b %Y");
    match (first == last, first.year() == last.year()) {
        (true, _) => last_text.to_string(),
        (_, true) => format!("{} – {last_text}", first.format("%-d %b")),
        _ => format!("{} – {last_text}", first.format("%-d %b %Y")),
    }
}
