//! Earlier ranges: what a range is compared with, and which of their buckets correspond.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, Timelike, Utc};

use super::time::{Interval, RangeError, TimeRange, bucket_start, day_beginning, local_instant, local_midnight};

/// The range to set beside the asked one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// As many calendar buckets directly before; of a range that is one bucket, [`TimeRange::start_before`] tells.
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
    /// When there is none.
    pub fn earlier(&self, by: Compare) -> Result<TimeRange, RangeError> {
        match by {
            Compare::PreviousPeriod => self.previous(),
            Compare::PreviousYear => {
                let from = self.a_year_before(self.from).ok_or(RangeError::OutOfBounds)?;
                let to = self.end_a_year_before().ok_or(RangeError::OutOfBounds)?;
                self.with(from, to, self.interval)
            }
        }
    }

    /// As many calendar buckets directly before.
    fn previous(&self) -> Result<TimeRange, RangeError> {
        let Some(interval) = self.interval else {
            let start = self.start_before().ok_or(RangeError::OutOfBounds)?;
            return self.with(start, self.from, None);
        };
        // A range that begins inside a bucket is set beside whole ones: what is clipped is compared with nothing.
        let end = bucket_start(self.from, interval, self.tz);
        let mut start = end;
        for _ in 0..self.buckets.len() {
            start = bucket_start(start - TimeDelta::microseconds(1), interval, self.tz);
        }
        self.with(start, end, self.interval)
    }

    /// Where the period before the range begins, whatever its interval: the month before begins that of a calendar
    /// month, as many local days earlier that of whole days, whatever the clock did, and any other as long before.
    pub fn start_before(&self) -> Option<DateTime<Utc>> {
        let (from, to, tz) = (self.from, self.to, self.tz);
        let (Some(first), Some(after)) = (day_beginning(from, tz), day_beginning(to, tz)) else {
            return from.checked_sub_signed(to - from);
        };
        let month = Months::new(1);
        if first.day() == 1 && first.checked_add_months(month) == Some(after) {
            return Some(local_midnight(first.checked_sub_months(month)?, tz));
        }
        // The nearest number of days: a day has 23 to 25 hours, and a date that a zone left out is none.
        let days = |from: DateTime<Utc>, to: DateTime<Utc>| ((to - from).num_minutes() + 720).div_euclid(1440);
        let back = |date: NaiveDate, days: i64| date.checked_sub_signed(TimeDelta::try_days(days)?);
        let wanted = days(from, to);
        let start = back(first, wanted)?;
        let left_out = wanted - days(local_midnight(start, tz), from);
        Some(local_midnight(back(start, left_out)?, tz))
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

    /// The same local time one year before; for weeks 52 weeks, so that Mondays meet Mondays. What begins a day
    /// does so a year before too, also where one of the two midnights is missing.
    fn a_year_before(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let day = day_beginning(at, self.tz).filter(|_| self.interval != Some(Interval::Hour));
        let wall = match day {
            Some(date) => date.and_time(NaiveTime::MIN),
            None => at.with_timezone(&self.tz).naive_local(),
        };
        let earlier = match self.interval {
            Some(Interval::Week) => wall.checked_sub_signed(TimeDelta::weeks(52))?,
            _ => wall.checked_sub_months(Months::new(12))?,
        };
        Some(local_instant(earlier, self.tz))
    }
}
