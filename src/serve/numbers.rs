//! Numbers as people read them: the same on the page, in pictures and in the sentences of both.

use crate::model::{Column, Value};

const MINUS: char = '\u{2212}';
/// A space at which a line does not break.
const JOINED: char = '\u{a0}';

/// Stands where a value is undefined or unknown.
pub const NOTHING: &str = "\u{2013}";

/// A whole number with thousands separators: `30,000`.
pub fn integer(n: i64) -> String {
    decimal(&n.to_string())
}

/// A number of things, rounded to a whole one.
pub fn count(x: f64) -> String {
    decimal(&format!("{:.0}", x.round()))
}

/// A whole number with its sign: `+19,000`.
pub fn signed_integer(n: i64) -> String {
    if n > 0 { format!("+{}", integer(n)) } else { integer(n) }
}

/// A decimal text with thousands separators in its whole part and a true minus.
pub fn decimal(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (MINUS.to_string(), rest),
        None => (String::new(), text),
    };
    let whole = digits.split('.').next().unwrap_or_default().len();
    let mut written = sign;
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index < whole && (whole - index).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// A plain number: whole from 1,000 on, else up to two decimals.
pub fn number(x: f64) -> String {
    let digits = if x.abs() >= 1000.0 { 0 } else { 2 };
    let text = format!("{x:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    decimal(if text == "-0" { "0" } else { text })
}

/// A number as people read an estimate: whole from 10 on.
pub fn estimate(value: &Value) -> String {
    match value {
        Value::Number(x) if x.abs() >= 10.0 => count(*x),
        Value::Number(x) => number(*x),
        Value::Null => NOTHING.into(),
        other => decimal(&other.to_text()),
    }
}

/// A share as a percentage: one decimal, two below 1% and close to 100%, never a false 0 or 100.
pub fn percent(share: f64) -> String {
    percent_to(share, decimals(share))
}

/// The same of a share that may be undefined.
pub fn percent_or_nothing(share: Option<f64>) -> String {
    share.map_or_else(|| NOTHING.to_owned(), percent)
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
    let written = format!("{percentage:.digits$}");
    match percentage.abs() {
        0.0 => "0%".into(),
        s if s < 0.01 => if share < 0.0 { "> \u{2212}0.01%" } else { "< 0.01%" }.into(),
        s if s < 100.0 && written.starts_with("100.") => "> 99.99%".into(),
        100.0 => format!("{}%", decimal(&format!("{percentage:.0}"))),
        _ => format!("{}%", decimal(&written)),
    }
}

/// A percentage with its sign: `+12.3%`, `+12%`.
pub fn signed_percent(share: f64) -> String {
    let text = percent(share).replace(".0%", "%");
    if share > 0.0 { format!("+{text}") } else { text }
}

/// A difference of two shares in percentage points: `+2.1 points`; two decimals where one would be a false 0.
pub fn points(difference: f64) -> String {
    let points = difference * 100.0;
    points_to(points, if (0.005..0.095).contains(&points.abs()) { 2 } else { 1 })
}

fn points_to(points: f64, digits: usize) -> String {
    let text = format!("{points:.digits$}");
    match text.trim_start_matches('-') {
        zero if zero.chars().all(|c| matches!(c, '0' | '.')) => format!("\u{b1}{zero} points"),
        _ if points > 0.0 => format!("+{} points", decimal(&text)),
        _ => format!("{} points", decimal(&text)),
    }
}

/// Percentage points without their unit, for a place that names it once: `+2.1`.
pub fn bare(points: &str) -> &str {
    points.trim_end_matches(" points")
}

/// The interval around a difference of two shares: `95% interval −0.5 to +1.8`.
pub fn interval(low: f64, high: f64) -> String {
    format!("95% interval {} to {}", bare(&points(low)), bare(&points(high)))
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
///
/// Where the rounded numbers would contradict each other, or hide that there is a difference, they have one decimal
/// more; and where even these do not add up, the difference is that of what is shown and the last part the rest
/// of it, which is off by no more than the last decimal or two.
pub fn compared(now: f64, before: f64, parts: &[f64]) -> Compared {
    let digits = decimals(now).max(decimals(before)).max(1);
    let digits = if adds_up(now, before, parts, digits) {
        digits
    } else {
        digits + 1
    };
    let points = |units: i64| points_to(units as f64 / 10_f64.powi(digits as i32), digits);
    let difference = units(now, digits) - units(before, digits);
    let mut told: Vec<i64> = parts.iter().map(|part| units(*part, digits)).collect();
    if let Some((last, others)) = told.split_last_mut() {
        *last = difference - others.iter().sum::<i64>();
    }
    Compared {
        now: percent_to(now, digits),
        before: percent_to(before, digits),
        difference: points(difference),
        parts: told.into_iter().map(points).collect(),
    }
}

fn adds_up(now: f64, before: f64, parts: &[f64], digits: usize) -> bool {
    let whole = units(now - before, digits);
    let told = parts.is_empty() || parts.iter().map(|part| units(*part, digits)).sum::<i64>() == whole;
    told && units(now, digits) - units(before, digits) == whole && (whole != 0 || now == before)
}

/// A share as the digits that its percentage is written with.
fn units(share: f64, digits: usize) -> i64 {
    let text = format!("{:.digits$}", share * 100.0);
    text.replace('.', "").parse().unwrap_or(0)
}

/// A duration in its two largest units: `3 min 20 s`.
pub fn seconds(x: f64) -> String {
    let mut rest = x.round().max(0.0) as i64;
    let mut parts = Vec::new();
    for (size, name) in [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")] {
        let units = rest / size;
        rest %= size;
        if units > 0 && parts.len() < 2 {
            parts.push(format!("{}{JOINED}{name}", integer(units)));
        }
    }
    if parts.is_empty() {
        return format!("0{JOINED}s");
    }
    parts.join(" ")
}

/// A cell as its column's unit is read.
pub fn cell(column: &Column, value: &Value) -> String {
    match (value, column.unit) {
        (Value::Null, _) => NOTHING.into(),
        (Value::Int(n), Some("seconds")) => seconds(*n as f64),
        (Value::Int(n), _) => integer(*n),
        (Value::Number(x), Some("ratio" | "share")) => percent(*x),
        (Value::Number(x), Some("seconds")) => seconds(*x),
        (Value::Number(x), _) => number(*x),
        (Value::Amount { .. }, _) => decimal(&value.to_text()),
        (Value::Time(at), _) => at.format("%-d %b %Y, %H:%M").to_string(),
        (Value::Bool(true), _) => "yes".into(),
        (Value::Bool(false), _) => "no".into(),
        (Value::Text(text), _) => text.clone(),
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
        assert_eq!(count(1_234.6), "1,235");
        assert_eq!(decimal("-1234.50"), "\u{2212}1,234.50");
        assert_eq!(decimal("1500"), "1,500");
        assert_eq!([0.5, 12.0, 1_234.5].map(number), ["0.5", "12", "1,234"]);
        assert_eq!(estimate(&Value::Number(12.6)), "13");
    }

    #[test]
    fn a_rate_is_never_rounded_to_a_false_0_or_100() {
        let told = [
            0.0, 1.0, 0.9999, 0.9997, 0.99999, 0.00001, 0.0052, 0.1234, 1.7272, 1.0001,
        ]
        .map(percent);
        let wanted = "0% 100% 99.99% 99.97% >99.99% <0.01% 0.52% 12.3% 172.7% 100.0%";
        assert_eq!(told.map(|text| text.replace(' ', "")).join(" "), wanted);
        assert_eq!(
            [0.12, -0.5, 0.1234].map(signed_percent),
            ["+12%", "\u{2212}50%", "+12.3%"]
        );
        assert_eq!(points(0.0004), "+0.04 points");
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
            let parts: Vec<&str> = parts.iter().map(|part| bare(part)).collect();
            format!("{now} after {before}: {} {}", bare(&difference), parts.join(" "))
                .trim_end()
                .to_owned()
        };
        assert_eq!(told(0.331, 0.31, &[]), "33.1% after 31.0%: +2.1");
        assert_eq!(told(0.1234, 0.0052, &[]), "12.34% after 0.52%: +11.82");
        assert_eq!(
            told(1.0, 0.32, &[0.7, -0.02]),
            "100% after 32.0%: +68.0 +70.0 \u{2212}2.0"
        );
        assert_eq!(told(0.5, 0.5, &[]), "50.0% after 50.0%: \u{b1}0.0");
        // 83.4 after 82.7 is no 0.6; nor are 0.0 and 0.6 the parts of 0.7; and 83.4 after 83.4 is not the same.
        assert_eq!(told(0.8338, 0.8274, &[]), "83.38% after 82.74%: +0.64");
        assert_eq!(
            told(0.8368, 0.83, &[0.0004, 0.0064]),
            "83.68% after 83.00%: +0.68 +0.04 +0.64"
        );
        assert_eq!(told(0.8341, 0.8337, &[]), "83.41% after 83.37%: +0.04");
        // Between 83.385 and 82.744 lie 0.641 points, the parts are 0.314 and 0.327: what is shown adds up.
        assert_eq!(
            told(0.833_851, 0.827_441, &[0.003_14, 0.003_27]),
            "83.39% after 82.74%: +0.65 +0.31 +0.34"
        );
    }

    #[test]
    fn what_is_shown_always_adds_up_and_is_never_far_off() {
        let read = |text: &str| -> f64 {
            let text = text.replace(['%', '+', '\u{b1}'], "").replace(MINUS, "-");
            bare(&text).parse().unwrap()
        };
        for step in 0_u32..20_000 {
            let share = |factor: u32| 0.01 + 0.98 * f64::from(step.wrapping_mul(factor) % 9_973) / 9_973.0;
            let (now, before, mix) = (share(7_919), share(104_729), share(15_485_863) - 0.5);
            let told = compared(now, before, &[mix, now - before - mix]);
            let (difference, parts) = (read(&told.difference), [read(&told.parts[0]), read(&told.parts[1])]);
            let is = |one: f64, other: f64| (one - other).abs() < 1e-6;
            assert!(
                is(read(&told.now) - read(&told.before), difference),
                "{now} after {before}"
            );
            assert!(is(parts[0] + parts[1], difference), "{now} after {before}");
            assert!((difference - (now - before) * 100.0).abs() <= 0.0501);
            assert!((parts[1] - (now - before - mix) * 100.0).abs() <= 0.0501);
        }
    }

    #[test]
    fn a_change_is_clear_where_its_interval_leaves_0_out() {
        let told = |low, high| clearly("+0.6 points", low, high);
        assert_eq!(told(0.002, 0.01), "+0.6 points (95% interval +0.2 to +1.0)");
        let unclear = "no clear change (+0.6 points, 95% interval \u{2212}0.5 to +1.7)";
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
