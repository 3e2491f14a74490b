//! Dates under an axis: ticks on the local calendar, as many as there is room for.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};

use super::canvas::measure;
use super::dates::{bucket_label, range_label};
use crate::model::{Interval, TimeRange};

/// A mark under the axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// The bucket it belongs to.
    pub bucket: usize,
    /// What stands under the axis.
    pub label: String,
    /// What stands below that, where it changes: the month of a day, the day of an hour.
    pub context: Option<String>,
    /// Whether it names the bucket (and stands under its middle) or marks its beginning.
    pub names_bucket: bool,
}

/// A stretch of the calendar by which ticks may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Hours(i64),
    Days(i64),
    Weeks(i64),
    Months(i64),
    Quarter,
    Years(i64),
}

use Unit::{Days, Hours, Months, Quarter, Weeks, Years};

const UNITS: [Unit; 18] = [
    Hours(1),
    Hours(2),
    Hours(3),
    Hours(6),
    Hours(12),
    Days(1),
    Days(2),
    Weeks(1),
    Weeks(2),
    Months(1),
    Quarter,
    Months(3),
    Months(6),
    Years(1),
    Years(2),
    Years(5),
    Years(10),
    Years(50),
];

impl Unit {
    /// A number that changes where the next stretch begins.
    fn key(self, local: NaiveDateTime) -> i64 {
        let day = i64::from(local.num_days_from_ce());
        let month = i64::from(local.year()) * 12 + i64::from(local.month0());
        match self {
            Hours(n) => day * (24 / n) + i64::from(local.hour()) / n,
            Days(n) => day / n,
            // Day 1 of the common era was a Monday.
            Weeks(n) => (day - 1).div_euclid(7).div_euclid(n),
            Months(n) => month.div_euclid(n),
            Quarter => month.div_euclid(3),
            Years(n) => i64::from(local.year()).div_euclid(n),
        }
    }

    fn label(self, local: NaiveDateTime) -> String {
        let pattern = match self {
            Hours(_) => "%H:%M",
            Days(_) | Weeks(_) => "%-d",
            Months(_) => "%b",
            Quarter => return format!("Q{}", local.month0() / 3 + 1),
            Years(_) => "%Y",
        };
        local.format(pattern).to_string()
    }

    fn context(self, local: NaiveDateTime) -> Option<String> {
        let pattern = match self {
            Hours(_) => "%-d %b %Y",
            Days(_) | Weeks(_) => "%b %Y",
            Months(_) | Quarter => "%Y",
            Years(_) => return None,
        };
        Some(local.format(pattern).to_string())
    }
}

/// The units that suit buckets of an interval, finest first; the first names each bucket.
fn units(interval: Interval) -> Vec<Unit> {
    let first = match interval {
        Interval::Hour => Hours(1),
        Interval::Day => Days(1),
        Interval::Week => Weeks(1),
        Interval::Month => Months(1),
        Interval::Quarter => Quarter,
        Interval::Year => Years(1),
    };
    let fits = |unit: &Unit| *unit != Quarter || interval == Interval::Quarter;
    let from = UNITS.iter().position(|unit| *unit == first).unwrap_or(0);
    UNITS[from..]
        .iter()
        .copied()
        .filter(fits)
        .filter(|unit| interval != Interval::Quarter || *unit != Months(3))
        .collect()
}

fn local(range: &TimeRange, instant: DateTime<Utc>) -> NaiveDateTime {
    range.local(instant).naive_local()
}

/// The finest ticks whose labels keep apart, for bands of `step` pixels.
pub(crate) fn ticks(range: &TimeRange, step: f64, size: f64) -> Vec<Tick> {
    let Some(interval) = range.interval else {
        return vec![whole(range)];
    };
    let units = units(interval);
    for unit in &units {
        let ticks = ticks_of(range, *unit, Some(unit) == units.first());
        if (ticks.len() > 1 || range.buckets.len() == 1 && !ticks.is_empty()) && apart(&ticks, step, size) {
            return settled(ticks, step, size);
        }
    }
    // Too short for two round marks: the first bucket in full.
    vec![Tick {
        bucket: 0,
        label: bucket_label(range, 0),
        context: None,
        names_bucket: false,
    }]
}

fn whole(range: &TimeRange) -> Tick {
    Tick {
        bucket: 0,
        label: range_label(range),
        context: None,
        names_bucket: true,
    }
}

fn ticks_of(range: &TimeRange, unit: Unit, names_bucket: bool) -> Vec<Tick> {
    let mut ticks: Vec<Tick> = Vec::new();
    let mut before = range
        .buckets
        .first()
        .map(|b| unit.key(local(range, b.start - TimeDelta::microseconds(1))));
    let mut context_before = None;
    for (bucket, edges) in range.buckets.iter().enumerate() {
        let start = local(range, edges.start);
        let key = Some(unit.key(start));
        if key != before || names_bucket {
            let context = unit.context(start);
            let shown = if context == context_before {
                None
            } else {
                context.clone()
            };
            context_before = context;
            ticks.push(Tick {
                bucket,
                label: unit.label(start),
                context: shown,
                names_bucket,
            });
        }
        before = key;
    }
    ticks
}

fn apart(ticks: &[Tick], step: f64, size: f64) -> bool {
    let far = |at: &[&Tick], text: fn(&Tick) -> &str, gap: f64| {
        at.windows(2).all(|pair| {
            let needed = (measure(text(pair[0]), size, false) + measure(text(pair[1]), size, false)) / 2.0 + gap;
            (pair[1].bucket - pair[0].bucket) as f64 * step >= needed
        })
    };
    let all: Vec<&Tick> = ticks.iter().collect();
    // The first context may give way to the second, so it does not count here.
    let contexts: Vec<&Tick> = ticks.iter().filter(|tick| tick.context.is_some()).skip(1).collect();
    far(&all, |tick| &tick.label, 6.0) && far(&contexts, |tick| tick.context.as_deref().unwrap_or(""), 8.0)
}

/// Takes away the first context where it would run into the second.
fn settled(mut ticks: Vec<Tick>, step: f64, size: f64) -> Vec<Tick> {
    let mut contexts = ticks.iter().filter(|tick| tick.context.is_some());
    let crowded = match (contexts.next(), contexts.next()) {
        (Some(first), Some(second)) => {
            let width = |tick: &Tick| tick.context.as_deref().map_or(0.0, |text| measure(text, size, false));
            ((second.bucket - first.bucket) as f64) * step < width(first) / 2.0 + width(second) / 2.0 + 8.0
        }
        _ => false,
    };
    if let (true, Some(first)) = (crowded, ticks.first_mut()) {
        first.context = None;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use chrono_tz::Tz;

    fn range(from: (i32, u32, u32), days: i64, interval: Interval, tz: Tz) -> TimeRange {
        let from = tz
            .with_ymd_and_hms(from.0, from.1, from.2, 0, 0, 0)
            .unwrap()
            .with_timezone(&Utc);
        TimeRange::new(from, from + TimeDelta::days(days), Some(interval), tz).unwrap()
    }

    #[test]
    fn many_hours_are_marked_at_local_midnights() {
        let ticks = ticks(
            &range((2016, 9, 1), 10, Interval::Hour, chrono_tz::Asia::Kolkata),
            2.5,
            11.0,
        );
        assert_eq!(ticks[0].label, "1");
        assert_eq!(ticks[0].context.as_deref(), Some("Sep 2016"));
        assert_eq!(ticks[1].bucket, 24);
    }

    #[test]
    fn a_cut_month_is_named_by_the_month_it_lies_in() {
        let ticks = ticks(&range((2016, 7, 15), 60, Interval::Month, Tz::UTC), 200.0, 11.0);
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["Jul", "Aug", "Sep"]);
    }
}
