//! Moments as senders state them: RFC 3339, within the years that answers can be about.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

/// The first year of a moment that is taken.
pub const FIRST_YEAR: i32 = 1900;
/// The first year after the last one.
pub const END_YEAR: i32 = 2200;

/// The UTC days that ended with a second 60, all there have been: year, month, day.
const LEAP_DAYS: [(i32, u32, u32); 27] = [
    (1972, 6, 30),
    (1972, 12, 31),
    (1973, 12, 31),
    (1974, 12, 31),
    (1975, 12, 31),
    (1976, 12, 31),
    (1977, 12, 31),
    (1978, 12, 31),
    (1979, 12, 31),
    (1981, 6, 30),
    (1982, 6, 30),
    (1983, 6, 30),
    (1985, 6, 30),
    (1987, 12, 31),
    (1989, 12, 31),
    (1990, 12, 31),
    (1992, 6, 30),
    (1993, 6, 30),
    (1994, 6, 30),
    (1995, 12, 31),
    (1997, 6, 30),
    (1998, 12, 31),
    (2005, 12, 31),
    (2008, 12, 31),
    (2012, 6, 30),
    (2015, 6, 30),
    (2016, 12, 31),
];

/// Why a text is not a valid moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// Another form, or a date that no calendar has.
    #[error("must be an RFC 3339 timestamp with an offset, such as 2016-09-12T09:00:00Z")]
    Form,
    /// A second 60 in a minute that had none.
    #[error("has a second 60, but no leap second was at that minute")]
    LeapSecond,
    /// A year before all that is counted here, often a program's zero time.
    #[error("must not be before the year {FIRST_YEAR}")]
    TooEarly,
    /// A year after all that is counted here, often a program's last time.
    #[error("must be before the year {END_YEAR}")]
    TooLate,
}

/// Reads a moment, cut to microseconds.
///
/// A leap second is the last microsecond of its day: it counts in the day that it ended, in every zone.
///
/// # Errors
/// Why the text is not a valid moment.
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, InstantError> {
    let read = DateTime::parse_from_rfc3339(text).map_err(|_| InstantError::Form)?;
    let time = read.with_timezone(&Utc);
    let time = match time.nanosecond().checked_sub(1_000_000_000) {
        None => DateTime::from_timestamp_micros(time.timestamp_micros()).ok_or(InstantError::Form)?,
        Some(_) if !is_leap_minute(time) => return Err(InstantError::LeapSecond),
        Some(_) => last_microsecond(time),
    };
    match time.year() {
        ..FIRST_YEAR => Err(InstantError::TooEarly),
        END_YEAR.. => Err(InstantError::TooLate),
        _ => Ok(time),
    }
}

/// The last microsecond of a second.
fn last_microsecond(time: DateTime<Utc>) -> DateTime<Utc> {
    time.with_nanosecond(999_999_000).unwrap_or(time)
}

/// Whether a leap second followed the minute that holds this moment.
fn is_leap_minute(time: DateTime<Utc>) -> bool {
    let date = time.date_naive();
    let listed = |(year, month, day): &(i32, u32, u32)| NaiveDate::from_ymd_opt(*year, *month, *day) == Some(date);
    (time.hour(), time.minute()) == (23, 59) && LEAP_DAYS.iter().any(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, InstantError> {
        parse_instant(text).map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
    }

    #[test]
    fn every_spelling_of_rfc_3339_is_read() {
        for (text, instant) in [
            ("2016-09-12t09:00:00z", "2016-09-12T09:00:00.000000Z"),
            ("2016-09-12 09:00:00Z", "2016-09-12T09:00:00.000000Z"),
            ("2016-09-12T14:45:00.123456789+05:45", "2016-09-12T09:00:00.123456Z"),
            ("2016-09-12T09:00:00.9999999999999-00:00", "2016-09-12T09:00:00.999999Z"),
            ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
            ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00.000000Z"),
            ("2199-12-31T23:59:59.999999Z", "2199-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(instant), "{text}");
        }
        for text in [
            "",
            "2016-09-12",
            "2016-09-12T09:00:00",
            "2016-02-30T00:00:00Z",
            "2016-09-12T24:00:00Z",
            "x",
        ] {
            assert_eq!(read(text), Err(InstantError::Form), "{text}");
        }
    }

    #[test]
    fn zero_times_of_programs_are_no_moments() {
        for text in [
            "0000-01-01T00:00:00+14:00",
            "0001-01-01T00:00:00Z",
            "1899-12-30T00:00:00Z",
            "1899-12-31T23:59:59.999999Z",
            "1900-01-01T00:30:00+01:00",
        ] {
            assert_eq!(read(text), Err(InstantError::TooEarly), "{text}");
        }
        for text in [
            "2200-01-01T00:00:00Z",
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59-14:00",
        ] {
            assert_eq!(read(text), Err(InstantError::TooLate), "{text}");
        }
    }

    #[test]
    fn a_leap_second_counts_in_its_own_day_and_nowhere_else() {
        let last = Ok("2016-12-31T23:59:59.999999Z");
        for text in [
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.75Z",
            "2017-01-01T00:59:60+01:00",
            "2016-12-31T18:14:60-05:45",
        ] {
            assert_eq!(read(text).as_deref(), last, "{text}");
        }
        assert_eq!(
            read("1972-06-30T23:59:60z").as_deref(),
            Ok("1972-06-30T23:59:59.999999Z")
        );
        for text in [
            "2017-12-31T23:59:60Z",
            "2016-06-30T23:59:60Z",
            "2016-12-31T23:58:60Z",
            "2016-12-31T22:59:60Z",
            "2016-12-31T23:59:60+01:00",
            "1971-12-31T23:59:60Z",
        ] {
            assert_eq!(read(text), Err(InstantError::LeapSecond), "{text}");
        }
        assert_eq!(read("2016-12-31T23:59:61Z"), Err(InstantError::Form));
    }
}
