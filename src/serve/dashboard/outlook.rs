//! A forecast in a sentence: what is expected, how surely, and how far that was off before.

use chrono::{DateTime, FixedOffset};

use super::{Section, Topic, format};
use crate::model::{Interval, Value};

/// The sentence under a forecast's title.
pub fn sentence(section: &Section) -> String {
    let table = &section.answer.table;
    let is_ahead = |row: &usize| matches!(table.cell(*row, "horizon_start"), Value::Time(_));
    let ahead: Vec<usize> = (0..table.rows.len()).filter(is_ahead).collect();
    let known: Vec<usize> = ahead
        .iter()
        .copied()
        .filter(|row| *table.cell(*row, "value") != Value::Null)
        .collect();
    let Some(&row) = known.last() else {
        // A warning says why.
        return "Nothing can be forecast from here.".into();
    };
    let currency = |row: &usize| table.cell(*row, "currency").as_str().unwrap_or_default();
    if ahead.iter().any(|other| currency(other) != currency(&row)) {
        return "Each currency is forecast for itself; the table has them all.".into();
    }
    let cell = |column: &str| shown(table.cell(row, column));
    let bucket = match table.cell(row, "bucket_start") {
        Value::Time(start) => named(*start, section.interval),
        _ => String::new(),
    };
    let unit = match section.topic {
        Topic::Forecast => "bots",
        _ => currency(&row),
    };
    let expected = match section.topic {
        Topic::Forecast => format!("about {} bots at the end of {bucket}", cell("value")),
        _ => format!("about {} {unit} captured in {bucket}", cell("value")),
    };
    let interval = section.interval.map_or("bucket", Interval::as_str);
    let errors = match table.cell(row, "model_error") {
        // A warning says why there is none.
        Value::Null => String::new(),
        _ => format!(
            " Forecasts this far ahead were off by {} {unit} on average; simply repeating the last {interval}'s growth, by {}.",
            cell("model_error"),
            cell("baseline_error")
        ),
    };
    format!(
        "If things go on as they went: {expected} (80\u{202f}%: {} to {}; 95\u{202f}%: {} to {}).{errors}",
        cell("low_80"),
        cell("high_80"),
        cell("low_95"),
        cell("high_95")
    )
}

/// A bucket within a sentence.
fn named(start: DateTime<FixedOffset>, interval: Option<Interval>) -> String {
    match interval {
        Some(Interval::Week) => format!("the week from {}", start.format("%-d %b %Y")),
        Some(Interval::Hour) => format!("the hour from {}", start.format("%-d %b %Y, %H:%M")),
        Some(Interval::Day) | None => format!("the day {}", start.format("%-d %b %Y")),
        _ => format::bucket(start, interval),
    }
}

/// A number as people read an estimate.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(x) if x.abs() >= 10.0 => format::number(x.round()),
        Value::Number(x) => format::number((x * 100.0).round() / 100.0),
        Value::Null => "an unknown amount".into(),
        other => format::decimal(&other.to_text()),
    }
}
