//! Which quarter hours of which UTC days make up a bucket: the masks that activity is kept in.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::TimeRange;
use crate::model::time::bucket_start;

const QUARTER_SECONDS: i64 = 900;
const QUARTERS: i64 = 96;

/// Quarter hours of one UTC day: bit 0 of `low` is 00:00, bit 0 of `high` is 12:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quarters {
    pub day: i64,
    pub low: i64,
    pub high: i64,
}

/// Quarter hours of a day that belong to one bucket: 0 is the bucket before the range, 1 its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub position: i64,
    pub cells: Quarters,
}

/// The quarter hours of every bucket of a range and of the bucket before it, which has position 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slots {
    pub slots: Vec<Slot>,
    /// The part before the range of the day on which it begins.
    pub from: Quarters,
    /// Whether an edge had to move to the beginning of its quarter hour.
    pub rounded: bool,
}

impl Slots {
    pub fn of(range: &TimeRange) -> Self {
        let (before, end) = bucket_before(range);
        let mut spans = vec![(before, end)];
        spans.extend(range.buckets.iter().map(|bucket| (bucket.start, bucket.end)));
        let mut slots = Vec::new();
        for (position, (start, end)) in (0..).zip(&spans) {
            let quarters = quarters(quarter(*start), quarter(*end));
            slots.extend(quarters.map(|cells| Slot { position, cells }));
        }
        let aligned = |at: &DateTime<Utc>| at.timestamp_micros().rem_euclid(QUARTER_SECONDS * 1_000_000) == 0;
        let rounded = spans.iter().any(|(start, end)| !aligned(start) || !aligned(end));
        let first = quarter(range.from);
        let day = first.div_euclid(QUARTERS);
        Slots {
            slots,
            from: mask(day, 0, first.rem_euclid(QUARTERS)),
            rounded,
        }
    }

    pub fn first_day(&self) -> i64 {
        self.slots
            .iter()
            .map(|slot| slot.cells.day)
            .min()
            .unwrap_or(self.from.day)
    }

    pub fn last_day(&self) -> i64 {
        self.slots
            .iter()
            .map(|slot| slot.cells.day)
            .max()
            .unwrap_or(self.from.day)
    }
}

/// The calendar bucket before the range's first; without an interval the period before the range.
fn bucket_before(range: &TimeRange) -> (DateTime<Utc>, DateTime<Utc>) {
    let Some(interval) = range.interval else {
        return (range.start_before().unwrap_or(range.from), range.from);
    };
    let end = bucket_start(range.from, interval, range.tz);
    (bucket_start(end - TimeDelta::microseconds(1), interval, range.tz), end)
}

/// The quarter hour since 1970 that holds an instant.
fn quarter(instant: DateTime<Utc>) -> i64 {
    instant.timestamp().div_euclid(QUARTER_SECONDS)
}

/// The quarter hours `[start, end)` day by day.
fn quarters(start: i64, end: i64) -> impl Iterator<Item = Quarters> {
    let days = start.div_euclid(QUARTERS)..=(end - 1).div_euclid(QUARTERS);
    days.filter(move |_| start < end).map(move |day| {
        let midnight = day * QUARTERS;
        mask(day, (start - midnight).max(0), (end - midnight).min(QUARTERS))
    })
}

/// The quarter hours `[first, last)` of a day.
fn mask(day: i64, first: i64, last: i64) -> Quarters {
    let bits = |first: i64, last: i64| {
        let (first, last) = (first.clamp(0, 48), last.clamp(0, 48));
        if last > first {
            ((1 << last) - 1) ^ ((1 << first) - 1)
        } else {
            0
        }
    };
    Quarters {
        day,
        low: bits(first, last),
        high: bits(first - 48, last - 48),
    }
}
