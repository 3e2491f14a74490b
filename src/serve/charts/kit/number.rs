//! Numbers as people read them: thousands apart, a true minus, no more digits than they carry.

use crate::model::Value;

/// What the numbers of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whole things.
    Count,
    /// Part of one, shown in percent.
    Ratio,
    /// Anything else, money too.
    Real,
}

/// Sets thousands apart and writes a true minus sign.
pub(crate) fn group(decimal: &str) -> String {
    let (sign, digits) = match decimal.strip_prefix('-') {
        Some(rest) => ("\u{2212}", rest),
        None => ("", decimal),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// A share in percent, with as many decimals as it needs to be told from 0 and from 100.
pub(crate) fn percent(ratio: f64) -> String {
    let decimals = if ratio != 0.0 && ratio.abs() < 0.01 { 2 } else { 1 };
    format!("{}%", group(&format!("{:.decimals$}", ratio * 100.0)))
}

/// A cell as a label; a dash for null.
pub(crate) fn label(value: &Value, kind: Kind) -> String {
    match (value, kind) {
        (Value::Null, _) => "\u{2013}".to_owned(),
        (Value::Number(x), Kind::Ratio) => percent(*x),
        (Value::Number(x), _) => group(&trimmed(*x)),
        (Value::Text(text), _) => text.clone(),
        (other, _) => group(&other.to_text()),
    }
}

/// At most two decimals, without trailing zeros.
fn trimmed(x: f64) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A whole number.
pub(crate) fn count(x: f64) -> String {
    group(&format!("{:.0}", x.round()))
}

/// The labels of an axis, all in the same unit and with the same decimals.
pub(crate) fn axis(ticks: &[f64], step: f64, kind: Kind) -> Vec<String> {
    if kind == Kind::Ratio {
        let decimals = decimals(step * 100.0);
        return ticks
            .iter()
            .map(|t| format!("{}%", group(&format!("{:.decimals$}", no_minus_zero(t * 100.0)))))
            .collect();
    }
    let most = ticks.iter().fold(0.0_f64, |most, tick| most.max(tick.abs()));
    let (divisor, suffix) = match most {
        m if m >= 1e12 => (1e12, " tn"),
        m if m >= 1e9 => (1e9, " bn"),
        m if m >= 1e6 => (1e6, " M"),
        _ => (1.0, ""),
    };
    let decimals = decimals(step / divisor);
    let write = |tick: &f64| match tick {
        t if *t == 0.0 => "0".to_owned(),
        t => format!(
            "{}{suffix}",
            group(&format!("{:.decimals$}", no_minus_zero(t / divisor)))
        ),
    };
    ticks.iter().map(write).collect()
}

fn decimals(step: f64) -> usize {
    (0..6)
        .find(|&n| ((step * 10f64.powi(n)).round() - step * 10f64.powi(n)).abs() < 1e-6)
        .unwrap_or(6) as usize
}

fn no_minus_zero(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x }
}

/// A duration in the largest unit that keeps it above one.
pub(crate) fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 90.0 => (s, "s"),
        s if s < 5_400.0 => (s / 60.0, "min"),
        s if s < 172_800.0 => (s / 3_600.0, "h"),
        s => (s / 86_400.0, "d"),
    };
    let decimals = usize::from(value < 10.0 && value.fract() > 0.05);
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart_and_decimals_kept() {
        assert_eq!(group("1234567.50"), "1,234,567.50");
        assert_eq!(group("-999"), "\u{2212}999");
        assert_eq!(group("-1000"), "\u{2212}1,000");
        assert_eq!(group("0"), "0");
    }

    #[test]
    fn an_axis_has_one_unit_and_one_precision() {
        assert_eq!(
            axis(&[0.0, 500_000.0, 1_000_000.0], 500_000.0, Kind::Count),
            ["0", "0.5 M", "1.0 M"]
        );
        assert_eq!(axis(&[0.0, 0.25, 0.5], 0.25, Kind::Ratio), ["0%", "25%", "50%"]);
        assert_eq!(axis(&[0.0, 2.5, 5.0], 2.5, Kind::Real), ["0", "2.5", "5.0"]);
    }

    #[test]
    fn a_small_share_is_not_rounded_to_nothing() {
        assert_eq!(percent(0.0012), "0.12%");
        assert_eq!(percent(0.3333), "33.3%");
        assert_eq!(percent(0.0), "0.0%");
    }
}
