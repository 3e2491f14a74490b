//! A forecast in a sentence: what is expected, how surely, and how far that was off before.

use chrono::{DateTime, FixedOffset};

use super::takings::CURRENCIES;
use super::{Section, Topic, format};
use crate::metrics::forecast;
use crate::model::{ColumnType, Interval, Table, Value};

/// The sentence under a forecast's title.
pub fn sentence(section: &Section) -> String {
    let table = &section.answer.table;
    let is_known = |row: &usize| {
        matches!(table.cell(*row, "horizon_start"), Value::Time(_)) && *table.cell(*row, "value") != Value::Null
    };
    let known: Vec<usize> = (0..table.rows.len()).filter(is_known).collect();
    let Some(&row) = known.last() else {
        // A warning says why.
        return "Nothing can be forecast from here.".into();
    };
    // The last bucket has a row for each currency.
    let start = |row: &usize| table.cell(*row, "bucket_start");
    let last: Vec<usize> = known.into_iter().filter(|other| start(other) == start(&row)).collect();
    let interval = section.interval.map_or("bucket", Interval::as_str);
    let bucket = match start(&row) {
        Value::Time(start) => named(*start, section.interval),
        _ => String::new(),
    };
    if let [_, _, ..] = last.as_slice() {
        return several(section, &last, &bucket);
    }
    let expected = match section.topic {
        Topic::Forecast => format!("{} at the end of {bucket}", about(section, row)),
        _ => format!("{} captured in {bucket}", about(section, row)),
    };
    format!(
        "If things go on as they went: {expected} ({}).{}",
        intervals(table, row),
        errors(section, row, interval)
    )
}

/// What each currency is expected to bring, none of it added to another.
fn several(section: &Section, rows: &[usize], bucket: &str) -> String {
    let told = rows.iter().take(CURRENCIES).map(|row| {
        let expected = about(section, *row);
        format!("{expected} ({})", intervals(&section.answer.table, *row))
    });
    let more = match rows.len().saturating_sub(CURRENCIES) {
        0 => String::new(),
        more => format!(", and {more} more in the table"),
    };
    format!(
        "If things go on as they went, captured in {bucket}, each currency for itself: {}{more}.",
        told.collect::<Vec<_>>().join(", ")
    )
}

fn about(section: &Section, row: usize) -> String {
    let table = &section.answer.table;
    let unit = match section.topic {
        Topic::Forecast => "bots",
        _ => table.cell(row, "currency").as_str().unwrap_or_default(),
    };
    format!("about {} {unit}", shown(table.cell(row, "value")))
}

fn intervals(table: &Table, row: usize) -> String {
    let cell = |column: &str| shown(table.cell(row, column));
    format!(
        "80%: {} to {}; 95%: {} to {}",
        cell("low_80"),
        cell("high_80"),
        cell("low_95"),
        cell("high_95")
    )
}

/// How far such forecasts were off before; where that is not known a warning says why.
fn errors(section: &Section, row: usize, interval: &str) -> String {
    let table = &section.answer.table;
    let error = |column: &str| match table.cell(row, column) {
        Value::Null => None,
        value => Some(shown(value)),
    };
    let unit = match section.topic {
        Topic::Forecast => "bots",
        _ => table.cell(row, "currency").as_str().unwrap_or_default(),
    };
    let again = format!("simply repeating the last {interval}'s growth");
    match (error("model_error"), error("baseline_error")) {
        (Some(model), _) if baseline_explodes(table, row) => format!(
            " Forecasts this far ahead were off by {model} {unit} on average; {again}, by more than anything counted."
        ),
        (Some(model), Some(baseline)) => {
            format!(" Forecasts this far ahead were off by {model} {unit} on average; {again}, by {baseline}.")
        }
        _ => String::new(),
    }
}

/// Whether the error of the baseline in a row is beyond anything that was counted of its group and currency.
pub fn baseline_explodes(table: &Table, row: usize) -> bool {
    let Some(error) = table.cell(row, "baseline_error").as_f64() else {
        return false;
    };
    let names = table.columns.iter().filter(|column| column.kind == ColumnType::Text);
    let names: Vec<&str> = names.map(|column| column.name.as_str()).collect();
    let alike = |other: &usize| {
        *table.cell(*other, "horizon_start") == Value::Null
            && names
                .iter()
                .all(|name| table.cell(*other, name) == table.cell(row, name))
    };
    let counted = (0..table.rows.len()).filter(alike);
    let largest = counted
        .filter_map(|other| table.cell(other, "value").as_f64())
        .fold(0.0, f64::max);
    forecast::explodes(error, largest)
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
