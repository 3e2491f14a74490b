//! How `forecast` is shown, once of bots and once of money: what is expected, how surely, and how far such forecasts
//! were off before.

use chrono::{DateTime, FixedOffset};

use super::row::{Row, listed, rows};
use super::{PLACE, PLAIN, Place, View};
use crate::metrics::forecast;
use crate::model::{ColumnType, Interval, Value};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::forecast as picture;
use crate::serve::{dates, numbers};

/// The population. So many buckets ahead that even the default period holds some back to tell the error by.
pub const BOTS: View = View {
    metric: "forecast",
    picture: Picture {
        own_axis: true,
        ..Picture::of(picture::draw)
    },
    in_words: |table, at, column| {
        let beyond = column == "baseline_error" && baseline_explodes(Row { table, at });
        beyond.then_some("beyond anything counted")
    },
    place: Some(Place {
        title: "Population forecast",
        own: &[("of", "bots"), ("horizon", "7")],
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

/// The money that comes in.
pub const MONEY: View = View {
    place: Some(Place {
        title: "Payments forecast",
        own: &[("of", "gross"), ("horizon", "7")],
        sentence,
        ..PLACE
    }),
    ..BOTS
};

/// Whether a row is of a bucket ahead.
fn is_ahead(row: &Row) -> bool {
    *row.cell("horizon_start") != Value::Null
}

fn sentence(report: &Report, _: Option<&str>) -> String {
    let known = rows(&report.table).filter(|row: &Row| is_ahead(row) && *row.cell("value") != Value::Null);
    let Some(row) = known.clone().next_back() else {
        // A warning says why.
        return "Nothing can be forecast from here.".into();
    };
    let interval = report.question.range.interval;
    let bucket = match row.cell("bucket_start") {
        Value::Time(start) => named(*start, interval),
        _ => String::new(),
    };
    let bots = (report.question.word("of") == "bots").then_some("bots");
    let unit = |row: Row| bots.unwrap_or(row.text("currency")).to_owned();
    let about = |row: Row| format!("about {} {}", shown(row.cell("value")), unit(row));
    // The last bucket has a row for each currency, none of them added to another.
    let last = known.filter(|other| other.cell("bucket_start") == row.cell("bucket_start"));
    let each: Vec<String> = last.map(|row| format!("{} ({})", about(row), intervals(row))).collect();
    if each.len() > 1 {
        let each = listed(&each);
        return format!("If things go on as they went, captured in {bucket}, each currency for itself: {each}.");
    }
    let expected = match bots {
        Some(_) => format!("{} at the end of {bucket}", about(row)),
        None => format!("{} captured in {bucket}", about(row)),
    };
    let errors = errors(row, &unit(row), interval.map_or("bucket", Interval::as_str));
    format!("If things go on as they went: {expected} ({}).{errors}", intervals(row))
}

fn intervals(row: Row) -> String {
    let cell = |column: &str| shown(row.cell(column));
    format!(
        "80%: {} to {}; 95%: {} to {}",
        cell("low_80"),
        cell("high_80"),
        cell("low_95"),
        cell("high_95")
    )
}

/// How far such forecasts were off before; where that is not known a warning says why.
fn errors(row: Row, unit: &str, interval: &str) -> String {
    let error = |column: &str| Some(row.cell(column)).filter(|value| **value != Value::Null).map(shown);
    let Some(model) = error("model_error") else {
        return String::new();
    };
    let baseline = match error("baseline_error") {
        Some(_) if baseline_explodes(row) => "more than anything counted".to_owned(),
        Some(baseline) => baseline,
        None => return String::new(),
    };
    format!(
        " Forecasts this far ahead were off by {model} {unit} on average; simply repeating the last {interval}'s growth, \
         by {baseline}."
    )
}

/// Whether the error of the baseline in a row is beyond anything that was counted of its group and currency.
fn baseline_explodes(row: Row) -> bool {
    let Some(error) = row.number("baseline_error") else {
        return false;
    };
    let columns = row.table.columns.iter();
    let names: Vec<&str> = columns
        .filter(|column| column.kind == ColumnType::Text)
        .map(|column| column.name.as_str())
        .collect();
    let alike = |other: &Row| !is_ahead(other) && names.iter().all(|name| other.cell(name) == row.cell(name));
    let counted = rows(row.table).filter(alike).filter_map(|other| other.number("value"));
    forecast::explodes(error, counted.fold(0.0, f64::max))
}

/// A bucket within a sentence.
fn named(start: DateTime<FixedOffset>, interval: Option<Interval>) -> String {
    match interval {
        Some(Interval::Week) => format!("the week from {}", start.format("%-d %b %Y")),
        Some(Interval::Hour) => format!("the hour from {}", start.format("%-d %b %Y, %H:%M")),
        Some(Interval::Day) | None => format!("the day {}", start.format("%-d %b %Y")),
        _ => dates::bucket(start, interval),
    }
}

/// A number as people read an estimate.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(x) if x.abs() >= 10.0 => numbers::number(x.round()),
        Value::Number(x) => numbers::number((x * 100.0).round() / 100.0),
        Value::Null => "an unknown amount".into(),
        other => numbers::decimal(&other.to_text()),
    }
}
