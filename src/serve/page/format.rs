//! Headings and dates as people read them. Numbers stand in [`crate::serve::numbers`].

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta, Utc};
use chrono_tz::Tz;

use super::Period;
use crate::model::Interval;
use crate::model::time::day_beginning;
pub use crate::serve::numbers::{
    NOTHING, cell, clearly, compared, decimal, integer, interval, number, percent, points, seconds, signed_integer,
    signed_percent,
};

/// A column's name as a heading: `share_by_count` becomes `Share by count`.
pub fn heading(name: &str) -> String {
    let spaced = match name {
        "hhi" => "HHI".into(),
        "hhi_by_amount" => "HHI by amount".into(),
        "top1" => "Largest".into(),
        _ => name
            .replace('_', " ")
            .replace("p90", "90th percentile")
            .replace("ci low", "95% low")
            .replace("ci high", "95% high"),
    };
    let mut letters = spaced.chars();
    letters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

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
pub fn period(period: &Period, tz: Tz) -> String {
    let (from, to) = (period.from.with_timezone(&tz), period.to.with_timezone(&tz));
    // In some zones a day now and then begins at one o'clock.
    let begins_a_day = |at| day_beginning(at, tz).is_some();
    if !begins_a_day(period.from) || !begins_a_day(period.to) {
        return format!(
            "{} – {}",
            from.format("%-d %b %Y, %H:%M"),
            to.format("%-d %b %Y, %H:%M")
        );
    }
    let last = (period.to - TimeDelta::seconds(1)).with_timezone(&tz).date_naive();
    let first = from.date_naive();
    let last_text = last.format("%-d %b %Y");
    match (first == last, first.year() == last.year()) {
        (true, _) => last_text.to_string(),
        (_, true) => format!("{} – {last_text}", first.format("%-d %b")),
        _ => format!("{} – {last_text}", first.format("%-d %b %Y")),
    }
}
