//! Time in a question: zones, intervals and the edges of buckets, computed once.

use chrono::{
    DateTime, Datelike, Days, FixedOffset, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta,
    TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

/// The length of a bucket on the local calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interval {
    /// 60 minutes of real time, aligned to the local clock.
    Hour,
    /// A local day of 23, 24 or 25 hours.
    Day,
    /// An ISO week, from Monday.
    Week,
    /// A calendar month.
    Month,
    /// Three calendar months.
    Quarter,
    /// A calendar year.
    Year,
}

impl Interval {
    /// Every interval, shortest first.
    pub const ALL: [Interval; 6] = [
        Interval::Hour,
        Interval::Day,
        Interval::Week,
        Interval::Month,
        Interval::Quarter,
        Interval::Year,
    ];

    /// The word used in questions.
    pub fn as_str(self) -> &'static str {
        match self {
            Interval::Hour => "hour",
            Interval::Day => "day",
            Interval::Week => "week",
            Interval::Month => "month",
            Interval::Quarter => "quarter",
            Interval::Year => "year",
        }
    }

    /// Reads the word used in questions.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|interval| interval.as_str() == word)
    }

    /// First local date of the bucket that holds `date`; an hour's is the date itself.
    fn floor(self, date: NaiveDate) -> NaiveDate {
        let back = match self {
            Interval::Hour | Interval::Day => 0,
            Interval::Week => u64::from(date.weekday().num_days_from_monday()),
            Interval::Month => u64::from(date.day0()),
            Interval::Quarter => {
                let month = date.month0() / 3 * 3 + 1;
                return NaiveDate::from_ymd_opt(date.year(), month, 1).unwrap_or(date);
            }
            Interval::Year => u64::from(date.ordinal0()),
        };
        date.checked_sub_days(Days::new(back)).unwrap_or(date)
    }

    /// First local date of the bucket after the one that begins at `start`.
    fn next(self, start: NaiveDate) -> Option<NaiveDate> {
        match self {
            Interval::Hour | Interval::Day => start.checked_add_days(Days::new(1)),
            Interval::Week => start.checked_add_days(Days::new(7)),
            Interval::Month => start.checked_add_months(Months::new(1)),
            Interval::Quarter => start.checked_add_months(Months::new(3)),
            Interval::Year => start.checked_add_months(Months::new(12)),
        }
    }
}

/// One bucket of a range, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// First instant inside.
    pub start: DateTime<Utc>,
    /// First instant after.
    pub end: DateTime<Utc>,
    /// False where the range cuts the bucket.
    pub whole: bool,
}

/// Why a range is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// `to` is not after `from`.
    #[error("`to` must be after `from`")]
    Empty,
    /// More buckets than one answer carries.
    #[error("the range has more than {0} buckets; take a longer interval or a shorter range")]
    TooMany(usize),
    /// Years outside 1900 to 2200.
    #[error("the range must be between the years 1900 and 2200")]
    OutOfBounds,
}

/// A half-open range of time and its buckets in one zone.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeRange {
    /// First instant inside.
    pub from: DateTime<Utc>,
    /// First instant after.
    pub to: DateTime<Utc>,
    /// `None`: the whole range is one bucket.
    pub interval: Option<Interval>,
    /// The zone whose calendar the buckets follow.
    pub tz: Tz,
    /// Every bucket, in order, without gaps.
    pub buckets: Vec<Bucket>,
}

/// Buckets that one answer may carry.
pub const MAX_BUCKETS: usize = 10_000;

/// The beginning of 1900, the first year that a question may be about.
pub const FIRST: DateTime<Utc> = at_seconds(-2_208_988_800);
/// The end of 2200, the last year that a question may be about.
pub const LAST: DateTime<Utc> = at_seconds(7_289_654_400);

const fn at_seconds(seconds: i64) -> DateTime<Utc> {
    match DateTime::from_timestamp(seconds, 0) {
        Some(at) => at,
        None => DateTime::UNIX_EPOCH,
    }
}

/// Whether a question may name an instant: in some zone it is in the years 1900 to 2200.
pub fn in_bounds(instant: DateTime<Utc>) -> bool {
    (FIRST - TimeDelta::days(1)..=LAST + TimeDelta::days(1)).contains(&instant)
}

impl TimeRange {
    /// Cuts `[from, to)` into buckets of the local calendar.
    ///
    /// # Errors
    /// When the range is empty, out of bounds, or has more than [`MAX_BUCKETS`] buckets.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>, interval: Option<Interval>, tz: Tz) -> Result<Self, RangeError> {
        if !in_bounds(from) || !in_bounds(to) {
            return Err(RangeError::OutOfBounds);
        }
        Self::unbounded(from, to, interval, tz)
    }

    /// Another range in the same zone. What is derived from a range may begin before the years that can be asked for.
    ///
    /// # Errors
    /// When it is empty or has more than [`MAX_BUCKETS`] buckets.
    pub fn with(&self, from: DateTime<Utc>, to: DateTime<Utc>, interval: Option<Interval>) -> Result<Self, RangeError> {
        Self::unbounded(from, to, interval, self.tz)
    }

    fn unbounded(
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        interval: Option<Interval>,
        tz: Tz,
    ) -> Result<Self, RangeError> {
        if to <= from {
            return Err(RangeError::Empty);
        }
        let buckets = match interval {
            None => vec![Bucket {
                start: from,
                end: to,
                whole: true,
            }],
            Some(interval) => cut(from, to, interval, tz)?,
        };
        Ok(TimeRange {
            from,
            to,
            interval,
            tz,
            buckets,
        })
    }

    /// The last `days` complete local days before `now`.
    pub fn last_days(days: u64, now: DateTime<Utc>, interval: Option<Interval>, tz: Tz) -> Result<Self, RangeError> {
        let today = now.with_timezone(&tz).date_naive();
        let first = today.checked_sub_days(Days::new(days)).ok_or(RangeError::OutOfBounds)?;
        Self::new(local_midnight(first, tz), local_midnight(today, tz), interval, tz)
    }

    /// An instant as local time with its offset, as answers show it.
    pub fn local(&self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        let local = instant.with_timezone(&self.tz);
        local.with_timezone(&local.offset().fix())
    }
}

fn cut(from: DateTime<Utc>, to: DateTime<Utc>, interval: Interval, tz: Tz) -> Result<Vec<Bucket>, RangeError> {
    let mut buckets = Vec::new();
    let mut start = bucket_start(from, interval, tz);
    while start < to {
        if buckets.len() == MAX_BUCKETS {
            return Err(RangeError::TooMany(MAX_BUCKETS));
        }
        let end = bucket_end(start, interval, tz);
        let clipped = Bucket {
            start: start.max(from),
            end: end.min(to),
            whole: start >= from && end <= to,
        };
        buckets.push(clipped);
        start = end;
    }
    Ok(buckets)
}

/// First instant of the local calendar bucket that holds `instant`.
pub fn bucket_start(instant: DateTime<Utc>, interval: Interval, tz: Tz) -> DateTime<Utc> {
    let local = instant.with_timezone(&tz);
    if interval == Interval::Hour {
        let into = i64::from(local.minute()) * 60 + i64::from(local.second());
        let start = instant - TimeDelta::seconds(into) - TimeDelta::nanoseconds(i64::from(local.nanosecond()));
        // A clock change inside the hour (a zone that shifts by 30 minutes) cuts it there.
        return if start.with_timezone(&tz).minute() == 0 {
            start
        } else {
            offset_change(start, instant, tz)
        };
    }
    local_midnight(interval.floor(local.date_naive()), tz)
}

/// First instant after the local calendar bucket that begins at `start`.
pub fn bucket_end(start: DateTime<Utc>, interval: Interval, tz: Tz) -> DateTime<Utc> {
    let local = start.with_timezone(&tz);
    if interval == Interval::Hour {
        let left = 3600 - i64::from(local.minute()) * 60 - i64::from(local.second());
        let end = start + TimeDelta::seconds(left);
        return if end.with_timezone(&tz).minute() == 0 {
            end
        } else {
            offset_change(start, end, tz)
        };
    }
    match interval.next(interval.floor(local.date_naive())) {
        Some(date) => local_midnight(date, tz),
        None => DateTime::<Utc>::MAX_UTC,
    }
}

/// The first whole second in `(before, after]` at which the zone's offset differs from that at `before`.
fn offset_change(before: DateTime<Utc>, after: DateTime<Utc>, tz: Tz) -> DateTime<Utc> {
    let offset = |at: DateTime<Utc>| at.with_timezone(&tz).offset().fix();
    let (mut low, mut high) = (before.timestamp(), after.timestamp());
    let old = offset(before);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let same = DateTime::from_timestamp(middle, 0).is_some_and(|at| offset(at) == old);
        if same { low = middle } else { high = middle }
    }
    DateTime::from_timestamp(high, 0).unwrap_or(after)
}

/// The local date that begins at an instant, if one does.
pub fn day_beginning(instant: DateTime<Utc>, tz: Tz) -> Option<NaiveDate> {
    let date = instant.with_timezone(&tz).date_naive();
    (local_midnight(date, tz) == instant).then_some(date)
}

/// The first instant of a local date: its first existing one, and of two the earlier.
pub fn local_midnight(date: NaiveDate, tz: Tz) -> DateTime<Utc> {
    local_instant(date.and_time(NaiveTime::MIN), tz)
}

/// A local wall-clock time as an instant; a missing one moves on to the first that exists, of two the earlier counts.
pub fn local_instant(wall: NaiveDateTime, tz: Tz) -> DateTime<Utc> {
    match tz.from_local_datetime(&wall) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.with_timezone(&Utc),
        LocalResult::None => {
            // The gap's end: the instant at which the offset changes, within a day around it.
            let guess = wall.and_utc();
            let around = |hours| guess.checked_add_signed(TimeDelta::hours(hours));
            match (around(-26), around(26)) {
                (Some(before), Some(after)) => offset_change(before, after, tz),
                // At the ends of the calendar there is no local time to be missing.
                _ => guess,
            }
        }
    }
}

/// Reads a duration such as `90m`, `24h` or `7d`.
pub fn parse_duration(text: &str) -> Option<TimeDelta> {
    let number = text.get(..text.len().checked_sub(1)?)?;
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: i64 = number.parse().ok()?;
    let seconds = match text.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        _ => return None,
    };
    n.checked_mul(seconds).and_then(TimeDelta::try_seconds)
}
