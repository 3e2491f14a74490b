//! Dates in words: a bucket, a range.

use chrono::{Datelike, TimeDelta, Timelike};

use crate::model::{Interval, TimeRange};

/// A bucket's name in a sentence.
pub(crate) fn bucket_label(range: &TimeRange, bucket: usize) -> String {
    let (Some(edges), Some(interval)) = (range.buckets.get(bucket), range.interval) else {
        return range_label(range);
    };
    let start = range.local(edges.start);
    let pattern = match interval {
        // The offset tells the two 02:00 of an autumn night apart.
        Interval::Hour if range.local(range.from).offset() != range.local(range.to).offset() => {
            "%a %-d %b %Y %H:%M %:z"
        }
        Interval::Hour => "%a %-d %b %Y %H:%M",
        Interval::Day => "%a %-d %b %Y",
        Interval::Week => "week from %-d %b %Y",
        Interval::Month => "%b %Y",
        Interval::Quarter => return format!("Q{} {}", start.month0() / 3 + 1, start.year()),
        Interval::Year => "%Y",
    };
    start.format(pattern).to_string()
}

/// A range as people write it, with its last day included.
pub(crate) fn range_label(range: &TimeRange) -> String {
    let (from, to) = (
        range.local(range.from).naive_local(),
        range.local(range.to).naive_local(),
    );
    let on_days = [from, to].iter().all(|at| at.num_seconds_from_midnight() == 0);
    if !on_days {
        return format!(
            "{} \u{2013} {}",
            from.format("%-d %b %Y %H:%M"),
            to.format("%-d %b %Y %H:%M")
        );
    }
    let last = to - TimeDelta::microseconds(1);
    if last.date() == from.date() {
        return from.format("%-d %b %Y").to_string();
    }
    let pattern = match from {
        at if at.year() != last.year() => "%-d %b %Y",
        at if at.month() != last.month() => "%-d %b",
        _ => "%-d",
    };
    format!("{} \u{2013} {}", from.format(pattern), last.format("%-d %b %Y"))
}

/// The last day of a range, or its last moment where it ends within a day.
pub(crate) fn last_label(range: &TimeRange) -> String {
    let to = range.local(range.to).naive_local();
    if to.num_seconds_from_midnight() != 0 {
        return to.format("%-d %b %Y %H:%M").to_string();
    }
    (to - TimeDelta::microseconds(1)).format("%-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{TimeZone, Utc};
    use chrono_tz::Tz;

    fn range(from: (i32, u32, u32), days: i64, interval: Interval, tz: Tz) -> TimeRange {
        let from = tz
            .with_ymd_and_hms(from.0, from.1, from.2, 0, 0, 0)
            .unwrap()
            .with_timezone(&Utc);
        TimeRange::new(from, from + TimeDelta::days(days), Some(interval), tz).unwrap()
    }

    #[test]
    fn a_range_is_written_with_its_last_day_included() {
        assert_eq!(
            range_label(&range((2016, 7, 1), 92, Interval::Month, Tz::UTC)),
            "1 Jul \u{2013} 30 Sep 2016"
        );
        assert_eq!(
            range_label(&range((2016, 7, 1), 1, Interval::Hour, Tz::UTC)),
            "1 Jul 2016"
        );
    }
}
