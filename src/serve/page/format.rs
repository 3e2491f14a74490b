//! Numbers, money, rates and dates as people read them.

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta, Utc};
use chrono_tz::Tz;

use super::Period;
use crate::model::time::day_beginning;
use crate::model::{Column, Interval, Value};
use crate::serve::answer::adding_up::adding_up;

/// A narrow space that does not break: `12 %`.
const THIN: char = '\u{202f}';
const MINUS: char = '\u{2212}';

/// Stands where a value is undefined or unknown.
pub const NOTHING: &str = "–";

/// A whole number with thousands separators: `30,000`.
pub fn integer(n: i64) -> String {
    let sign = if n < 0 { MINUS.to_string() } else { String::new() };
    sign + &group(&n.unsigned_abs().to_string())
}

/// A decimal text with thousands separators in its whole part.
pub fn decimal(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (MINUS.to_string(), rest),
        None => (String::new(), text),
    };
    match digits.split_once('.') {
        Some((whole, fraction)) => format!("{sign}{}.{fraction}", group(whole)),
        None => sign + &group(digits),
    }
}

fn group(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as a percentage: one decimal, two significant digits below 1 %, never a false 0 or 100.
pub fn percent(share: f64) -> String {
    percent_to(share, decimals(share))
}

/// Decimals that a percentage needs.
fn decimals(share: f64) -> usize {
    match share.abs() * 100.0 {
        0.0 => 1,
        s if s < 1.0 => 2,
        s if s < 99.95 || s == 100.0 => 1,
        s if s < 100.0 => 2,
        s if s < 1000.0 => 1,
        _ => 0,
    }
}

fn percent_to(share: f64, digits: usize) -> String {
    let percentage = share * 100.0;
    match percentage.abs() {
        0.0 => format!("0{THIN}%"),
        s if s < 0.01 => format!("{}{THIN}%", if share < 0.0 { "> −0.01" } else { "< 0.01" }),
        100.0 => format!("{}{THIN}%", decimal(&format!("{percentage:.0}"))),
        _ => format!("{}{THIN}%", decimal(&format!("{percentage:.digits$}"))),
    }
}

/// A percentage with its sign: `+12.3 %`, `+12 %`.
pub fn signed_percent(share: f64) -> String {
    let text = percent(share).replace(&format!(".0{THIN}"), &THIN.to_string());
    if share > 0.0 { format!("+{text}") } else { text }
}

/// A difference of two shares in percentage points: `+2.1 points`.
pub fn points(difference: f64) -> String {
    points_to(difference * 100.0, 1)
}

fn points_to(points: f64, digits: usize) -> String {
    let text = format!("{points:.digits$}");
    match text.trim_start_matches('-') {
        zero if zero.chars().all(|c| matches!(c, '0' | '.')) => format!("±{zero} points"),
        _ if points > 0.0 => format!("+{text} points"),
        _ => format!("{} points", decimal(&text)),
    }
}

/// The interval around a difference of two shares: `95 % interval −0.5 to +1.8`.
pub fn interval(low: f64, high: f64) -> String {
    let bare = |end: f64| points(end).replace(" points", "");
    format!("95{THIN}% interval {} to {}", bare(low), bare(high))
}

/// A difference of two shares, as it is written, with the interval around it: no clear change where that holds 0.
pub fn clearly(difference: &str, low: f64, high: f64) -> String {
    let interval = interval(low, high);
    if low > 0.0 || high < 0.0 {
        format!("{difference} ({interval})")
    } else {
        format!("no clear change ({difference}, {interval})")
    }
}

/// Two shares, what lies between them and what that is made of, as texts that add up.
pub struct Compared {
    /// The later share.
    pub now: String,
    /// The earlier share.
    pub before: String,
    /// The difference in percentage points.
    pub difference: String,
    /// Its parts, likewise.
    pub parts: Vec<String>,
}

/// Writes two shares, their difference and the `parts` that sum to it.
pub fn compared(now: f64, before: f64, parts: &[f64]) -> Compared {
    let digits = decimals(now).max(decimals(before)).max(1);
    let written = adding_up(now, before, parts, digits);
    let points = |points: &f64| points_to(*points, written.decimals);
    Compared {
        now: percent_to(now, written.decimals),
        before: percent_to(before, written.decimals),
        difference: points(&written.difference),
        parts: written.parts.iter().map(points).collect(),
    }
}

/// A whole number with its sign: `+19,000`.
pub fn signed_integer(n: i64) -> String {
    if n > 0 { format!("+{}", integer(n)) } else { integer(n) }
}

/// A plain number: whole above 1,000, else up to two decimals.
pub fn number(x: f64) -> String {
    let digits = if x.abs() >= 1000.0 { 0 } else { 2 };
    let text = format!("{x:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    decimal(text)
}

/// A duration in its two largest units: `3 min 20 s`.
pub fn seconds(x: f64) -> String {
    let total = x.round().max(0.0) as i64;
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = total;
    let mut parts = Vec::new();
    for (size, name) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            parts.push(format!("{count}\u{a0}{name}"));
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() {
        "0\u{a0}s".into()
    } else {
        parts.join(" ")
    }
}

/// A cell for people.
pub fn cell(column: &Column, value: &Value) -> String {
    match value {
        Value::Null => NOTHING.into(),
        Value::Int(n) if column.unit == Some("seconds") => seconds(*n as f64),
        Value::Int(n) => integer(*n),
        Value::Number(x) => match column.unit {
            Some("ratio" | "share") => percent(*x),
            Some("seconds") => seconds(*x),
            _ => number(*x),
        },
        Value::Amount { .. } => decimal(&value.to_text()),
        Value::Time(at) => moment(*at),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Text(text) => text.clone(),
    }
}

/// A column's name as a heading: `share_by_count` becomes `Share by count`.
pub fn heading(name: &str) -> String {
    let spaced = match name {
        "hhi" => "HHI".into(),
        "hhi_by_amount" => "HHI by amount".into(),
        "top1" => "Largest".into(),
        _ => name
            .replace('_', " ")
            .replace("p90", "90th percentile")
            .replace("ci low", "95 % low")
            .replace("ci high", "95 % high"),
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

fn moment(at: DateTime<FixedOffset>) -> String {
    at.format("%-d %b %Y, %H:%M").to_string()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_and_minus_is_a_minus() {
        assert_eq!(integer(30_000), "30,000");
        assert_eq!(integer(999), "999");
        assert_eq!(integer(-1_234_567), "\u{2212}1,234,567");
        assert_eq!(decimal("-1234.50"), "\u{2212}1,234.50");
        assert_eq!(decimal("1500"), "1,500");
    }

    #[test]
    fn a_rate_is_never_rounded_to_a_false_0_or_100() {
        let plain = |share| percent(share).replace('\u{202f}', " ");
        assert_eq!(plain(0.0), "0 %");
        assert_eq!(plain(1.0), "100 %");
        assert_eq!(plain(0.9999), "99.99 %");
        assert_eq!(plain(0.00001), "< 0.01 %");
        assert_eq!(plain(0.1234), "12.3 %");
        assert_eq!(plain(1.7272), "172.7 %");
    }

    #[test]
    fn shares_and_their_difference_add_up_as_they_are_shown() {
        let told = |now, before, parts: &[f64]| {
            let Compared {
                now,
                before,
                difference,
                parts,
            } = compared(now, before, parts);
            let text = format!("{now} after {before}: {difference} {}", parts.join(" "));
            text.replace('\u{202f}', " ").trim_end().to_owned()
        };
        assert_eq!(told(0.331, 0.31, &[]), "33.1 % after 31.0 %: +2.1 points");
        assert_eq!(told(0.8338, 0.8274, &[]), "83.38 % after 82.74 %: +0.64 points");
        assert_eq!(told(0.1234, 0.0052, &[]), "12.34 % after 0.52 %: +11.82 points");
        assert_eq!(
            told(1.0, 0.32, &[0.7, -0.02]),
            "100 % after 32.0 %: +68.0 points +70.0 points \u{2212}2.0 points"
        );
        assert_eq!(told(0.5, 0.5, &[]), "50.0 % after 50.0 %: ±0.0 points");
    }

    #[test]
    fn a_change_is_clear_where_its_interval_leaves_0_out() {
        let told = |low, high| clearly("+0.6 points", low, high).replace('\u{202f}', " ");
        assert_eq!(told(0.002, 0.01), "+0.6 points (95 % interval +0.2 to +1.0)");
        let unclear = "no clear change (+0.6 points, 95 % interval \u{2212}0.5 to +1.7)";
        assert_eq!(told(-0.005, 0.017), unclear);
        assert!(told(0.0, 0.012).starts_with("no clear change"));
    }

    #[test]
    fn a_duration_has_two_units() {
        assert_eq!(seconds(200.0).replace('\u{a0}', " "), "3 min 20 s");
        assert_eq!(seconds(90_061.0).replace('\u{a0}', " "), "1 d 1 h");
        assert_eq!(seconds(0.2).replace('\u{a0}', " "), "0 s");
    }
}
