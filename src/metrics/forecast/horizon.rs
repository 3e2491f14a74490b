//! How far a forecast reaches: the parameter `horizon`, and the buckets it asks for.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};

use crate::model::time::{LAST, bucket_end, bucket_start, local_instant, local_midnight, parse_duration};
use crate::model::{Bucket, Interval, TimeRange};

/// Buckets that one forecast may reach over.
pub const MOST: usize = 1_100;

/// A horizon as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// So many buckets.
    Buckets(usize),
    /// So many local days after the origin.
    Days(u64),
    /// So long after the origin.
    Time(TimeDelta),
    /// Until the beginning of a local day.
    Until(NaiveDate),
}

impl Reach {
    /// Reads what a question says.
    ///
    /// # Errors
    /// Says what would be taken.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        parse(text).ok_or("takes a number of buckets from 1 to 1100, a duration such as 42d, 6w or 12h, or a date")
    }
}

fn parse(text: &str) -> Option<Reach> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return (0..=9999).contains(&date.year()).then_some(Reach::Until(date));
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let buckets = text.parse().ok().filter(|count| (1..=MOST).contains(count))?;
        return Some(Reach::Buckets(buckets));
    }
    // Calendar days, so that a change of the clock on the way adds no bucket.
    for (unit, days) in [('w', 7), ('d', 1)] {
        let digits = text.strip_suffix(unit).filter(|digits| digits.len() <= 6);
        let count = digits.and_then(|digits| digits.parse::<u64>().ok());
        if let Some(count) = count.filter(|count| *count > 0) {
            return Some(Reach::Days(count * days));
        }
    }
    parse_duration(text)
        .filter(|time| *time > TimeDelta::zero() && time.num_days() < 100_000)
        .map(Reach::Time)
}

/// The buckets ahead, and whether the asked horizon had to be cut at [`MOST`] of them.
///
/// They are the whole calendar buckets that end after the range's end: where that cuts a bucket, from this one on.
pub fn buckets(range: &TimeRange, interval: Interval, reach: Option<Reach>) -> (Vec<Bucket>, bool) {
    let (origin, tz) = (range.to, range.tz);
    let until = match reach {
        Some(Reach::Days(days)) => days_after(origin, days, range),
        Some(Reach::Time(time)) => origin.checked_add_signed(time),
        Some(Reach::Until(date)) => Some(local_midnight(date, tz)),
        Some(Reach::Buckets(_)) | None => None,
    };
    let wanted = |count: usize, start: DateTime<Utc>| match (reach, until) {
        (Some(Reach::Buckets(buckets)), _) => count < buckets,
        (_, Some(until)) => origin < until && start < until,
        _ => false,
    };
    let mut start = bucket_start(origin, interval, tz);
    let mut buckets = Vec::new();
    while wanted(buckets.len(), start) {
        let end = bucket_end(start, interval, tz);
        if buckets.len() == MOST || end <= start || end > LAST {
            return (buckets, true);
        }
        let whole = true;
        buckets.push(Bucket { start, end, whole });
        start = end;
    }
    (buckets, false)
}

fn days_after(origin: DateTime<Utc>, days: u64, range: &TimeRange) -> Option<DateTime<Utc>> {
    let wall = origin.with_timezone(&range.tz).naive_local();
    Some(local_instant(wall.checked_add_days(Days::new(days))?, range.tz))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{Europe::Rome, Tz};

    fn range(to: &str, interval: Interval, tz: Tz) -> TimeRange {
        let to: DateTime<Utc> = to.parse().unwrap();
        TimeRange::new(to - TimeDelta::days(30), to, Some(interval), tz).unwrap()
    }

    fn ends(to: &str, interval: Interval, tz: Tz, horizon: &str) -> Vec<String> {
        let (buckets, cut) = buckets(&range(to, interval, tz), interval, parse(horizon));
        assert!(!cut);
        buckets.iter().map(|bucket| bucket.end.to_rfc3339()).collect()
    }

    #[test]
    fn a_count_a_duration_and_a_date_reach_equally_far() {
        for horizon in ["6", "6w", "42d", "1008h", "2016-09-12"] {
            let ends = ends("2016-08-01T00:00:00Z", Interval::Week, Tz::UTC, horizon);
            assert_eq!(ends.len(), 6, "{horizon}");
            assert_eq!(ends[5], "2016-09-12T00:00:00+00:00", "{horizon}");
        }
    }

    #[test]
    fn a_bucket_that_the_origin_cuts_is_forecast_whole() {
        let ends = ends("2016-08-03T00:00:00Z", Interval::Week, Tz::UTC, "7d");
        assert_eq!(ends, ["2016-08-08T00:00:00+00:00", "2016-08-15T00:00:00+00:00"]);
    }

    #[test]
    fn days_are_days_of_the_calendar_also_when_the_clock_changes() {
        for (to, horizon) in [("2016-03-25T23:00:00Z", "3d"), ("2016-10-28T22:00:00Z", "3d")] {
            assert_eq!(ends(to, Interval::Day, Rome, horizon).len(), 3, "{to}");
        }
    }

    #[test]
    fn a_date_that_is_past_asks_for_nothing_and_a_word_is_refused() {
        assert!(ends("2016-08-01T00:00:00Z", Interval::Day, Tz::UTC, "2016-08-01").is_empty());
        for wrong in ["", "0", "1101", "6x", "0d", "-3", "soon", "2016-13-01", "+262142-12-31"] {
            assert!(Reach::parse(wrong).is_err(), "{wrong}");
        }
    }
}
