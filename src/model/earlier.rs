//! Earlier ranges: what a range is compared with, and which of their buckets correspond.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Timelike, Utc};

use super::time::{Interval, RangeError, TimeRange, local_instant, local_midnight};

/// The range to set beside the asked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// As many calendar buckets directly before.
    PreviousPeriod,
    /// The same buckets one year earlier.
    PreviousYear,
}

impl Compare {
    /// The word used in questions.
    pub fn as_str(self) -> &'static str {
        match self {
            Compare::PreviousPeriod => "previous_period",
            Compare::PreviousYear => "previous_year",
        }
    }

    /// Reads the word used in questions.
    pub fn parse(word: &str) -> Option<Self> {
        [Compare::PreviousPeriod, Compare::PreviousYear]
            .into_iter()
            .find(|compare| compare.as_str() == word)
    }
}

impl TimeRange {
    /// The range to compare with.
    ///
    /// # Errors
    /// When it lies out of bounds.
    pub fn earlier(&self, by: Compare) -> Result<TimeRange, RangeError> {
        match by {
            Compare::PreviousPeriod => self.previous(),
            Compare::PreviousYear => {
                let from = self.a_year_before(self.from).ok_or(RangeError::OutOfBounds)?;
                let to = self.end_a_year_before().ok_or(RangeError::OutOfBounds)?;
                TimeRange::new(from, to, self.interval, self.tz)
            }
        }
    }

    /// For each bucket, the position of its counterpart in the range that [`TimeRange::earlier`] gave, if it has one.
    pub fn counterparts(&self, earlier: &TimeRange, by: Compare) -> Vec<Option<usize>> {
        let buckets = earlier.buckets.iter().enumerate();
        let starts: HashMap<DateTime<Utc>, usize> = buckets.map(|(index, bucket)| (bucket.start, index)).collect();
        let counterpart = |(index, bucket): (usize, &super::Bucket)| match by {
            Compare::PreviousPeriod => (index < earlier.buckets.len()).then_some(index),
            Compare::PreviousYear => {
                let start = self.a_year_before(bucket.start)?;
                let place = |at: DateTime<Utc>| {
                    let local = at.with_timezone(&self.tz);
                    (
                        local.day(),
                        local.hour() * u32::from(self.interval == Some(Interval::Hour)),
                    )
                };
                // 29 February has no counterpart in the year before, nor has an hour that the clock left out there.
                let shifted = self.interval != Some(Interval::Week) && place(start) != place(bucket.start);
                if shifted { None } else { starts.get(&start).copied() }
            }
        };
        self.buckets.iter().enumerate().map(counterpart).collect()
    }

    /// The end of the range one year before: what ends within 29 February has all of the 28th before it.
    fn end_a_year_before(&self) -> Option<DateTime<Utc>> {
        let end = self.to.with_timezone(&self.tz).date_naive();
        if (end.month(), end.day()) == (2, 29) && self.interval != Some(Interval::Week) {
            let march = NaiveDate::from_ymd_opt(end.year() - 1, 3, 1)?;
            return Some(local_midnight(march, self.tz));
        }
        self.a_year_before(self.to)
    }

    /// The same local time one year before; for weeks 52 weeks, so that Mondays meet Mondays.
    fn a_year_before(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let wall = at.with_timezone(&self.tz).naive_local();
        let earlier = match self.interval {
            Some(Interval::Week) => wall.checked_sub_signed(TimeDelta::weeks(52))?,
            _ => wall.checked_sub_months(Months::new(12))?,
        };
        Some(local_instant(earlier, self.tz))
    }
}
