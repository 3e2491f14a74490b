//! Sets an earlier range beside an answer: `<column>_previous` and `<column>_change`.
//!
//! Rows meet where their buckets correspond and everything that names a row (groups, values, steps)
//! is the same; both buckets must be complete. Everything else stays null.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, Months, TimeDelta, Utc};

use super::question::Compare;
use super::report::Report;
use crate::metrics::{Question, RateUse};
use crate::model::time::{RangeError, local_instant};
use crate::model::{Column, ColumnType, Interval, Table, TimeRange, Value};

/// Columns that describe the bucket, not the row.
const BUCKET_COLUMNS: &[&str] = &["bucket_start", "bucket_end", "complete"];

/// The range to compare with.
///
/// # Errors
/// When it lies out of bounds.
pub fn earlier_range(range: &TimeRange, by: Compare) -> Result<TimeRange, RangeError> {
    match by {
        Compare::PreviousPeriod => range.previous(),
        Compare::PreviousYear => {
            let back = |at| a_year_before(at, range).ok_or(RangeError::OutOfBounds);
            TimeRange::new(back(range.from)?, back(range.to)?, range.interval, range.tz)
        }
    }
}

/// The same local time one year before; for weeks 52 weeks, so that Mondays meet Mondays.
fn a_year_before(at: DateTime<Utc>, range: &TimeRange) -> Option<DateTime<Utc>> {
    let wall = at.with_timezone(&range.tz).naive_local();
    let earlier = match range.interval {
        Some(Interval::Week) => wall.checked_sub_signed(TimeDelta::weeks(52))?,
        _ => wall.checked_sub_months(Months::new(12))?,
    };
    Some(local_instant(earlier, range.tz))
}

/// For each bucket of the range, the position of the one it is compared with, if both are complete.
fn partners(now: &Question, then: &Question, by: Compare) -> Vec<Option<usize>> {
    let range = &now.range;
    let starts: HashMap<DateTime<Utc>, usize> = then
        .range
        .buckets
        .iter()
        .enumerate()
        .map(|(index, bucket)| (bucket.start, index))
        .collect();
    let partner = |(index, bucket): (usize, &crate::model::Bucket)| {
        let other = match by {
            Compare::PreviousPeriod => index,
            Compare::PreviousYear => {
                let start = a_year_before(bucket.start, range)?;
                let day = |at: DateTime<Utc>| at.with_timezone(&range.tz).day();
                // 29 February has no counterpart in the year before.
                let shifted = range.interval != Some(Interval::Week) && day(start) != day(bucket.start);
                if shifted {
                    return None;
                }
                *starts.get(&start)?
            }
        };
        let earlier = then.range.buckets.get(other)?;
        (now.complete(bucket) && then.complete(earlier)).then_some(other)
    };
    range.buckets.iter().enumerate().map(partner).collect()
}

/// The answer with the earlier one's figures beside its own.
pub fn beside(mut report: Report, previous: &Report, by: Compare) -> Report {
    let partners = partners(&report.question, &previous.question, by);
    let (ours, theirs) = (
        Rows::of(&report.table, &report.question),
        Rows::of(&previous.table, &previous.question),
    );
    let by_key: HashMap<_, _> = (0..previous.table.rows.len())
        .filter_map(|row| Some((theirs.key(row)?, row)))
        .collect();
    let matched: Vec<Option<usize>> = (0..report.table.rows.len())
        .map(|row| {
            let (bucket, name) = ours.key(row)?;
            let other = *partners.get(bucket)?;
            by_key.get(&(other?, name)).copied()
        })
        .collect();
    report.table = widen(&report.table, &previous.table, &matched);
    for warning in &previous.meta.warnings {
        let warning = format!("earlier range: {warning}");
        if !report.meta.warnings.contains(&warning) {
            report.meta.warnings.push(warning);
        }
    }
    RateUse::merge(&mut report.meta.rates, &previous.meta.rates);
    report.compare = Some(by);
    report
}

/// The rows of a table by bucket and by what names them.
struct Rows<'a> {
    table: &'a Table,
    names: Vec<usize>,
    start: Option<usize>,
    buckets: HashMap<DateTime<Utc>, usize>,
}

impl<'a> Rows<'a> {
    fn of(table: &'a Table, question: &Question) -> Self {
        let names = (0..table.columns.len())
            .filter(|at| names_a_row(&table.columns[*at]))
            .collect();
        let buckets = question
            .range
            .buckets
            .iter()
            .enumerate()
            .map(|(index, bucket)| (bucket.start, index))
            .collect();
        Rows {
            table,
            names,
            start: table.position("bucket_start"),
            buckets,
        }
    }

    fn key(&self, row: usize) -> Option<(usize, Vec<String>)> {
        let cells = &self.table.rows[row];
        let bucket = match cells.get(self.start?)? {
            Value::Time(at) => *self.buckets.get(&at.with_timezone(&Utc))?,
            _ => return None,
        };
        // A null and an empty text are different values of a dimension.
        let name = |at: &usize| match &cells[*at] {
            Value::Null => "null".to_owned(),
            value => format!("={}", value.to_text()),
        };
        Some((bucket, self.names.iter().map(name).collect()))
    }
}

/// Text and positions in an order say which row this is; they are not measured.
fn names_a_row(column: &Column) -> bool {
    if BUCKET_COLUMNS.contains(&column.name.as_str()) {
        return false;
    }
    matches!(column.kind, ColumnType::Text | ColumnType::Boolean) || column.name.ends_with("_index")
}

fn is_measured(column: &Column) -> bool {
    let numeric = matches!(
        column.kind,
        ColumnType::Integer | ColumnType::Number | ColumnType::Amount
    );
    numeric && !names_a_row(column)
}

/// The bounds of an interval are not subtracted: their difference bounds nothing.
fn has_change(column: &Column) -> bool {
    !column.name.ends_with("ci_low") && !column.name.ends_with("ci_high")
}

fn widen(now: &Table, then: &Table, matched: &[Option<usize>]) -> Table {
    let mut wide = Table::default();
    wide.rows.resize_with(now.rows.len(), Vec::new);
    for (at, column) in now.columns.iter().enumerate() {
        wide.columns.push(column.clone());
        for (row, cells) in wide.rows.iter_mut().zip(&now.rows) {
            row.push(cells[at].clone());
        }
        if !is_measured(column) {
            continue;
        }
        let named = |suffix| Column {
            name: format!("{}_{suffix}", column.name),
            ..column.clone()
        };
        let there = then.position(&column.name);
        let earlier = |row: usize| match (matched[row], there) {
            (Some(other), Some(there)) => then.rows[other][there].clone(),
            _ => Value::Null,
        };
        wide.columns.push(named("previous"));
        for (row, cells) in wide.rows.iter_mut().enumerate() {
            cells.push(earlier(row));
        }
        if has_change(column) {
            wide.columns.push(named("change"));
            for (row, cells) in wide.rows.iter_mut().enumerate() {
                cells.push(difference(&now.rows[row][at], &earlier(row)));
            }
        }
    }
    wide
}

/// Now minus then; null where either is undefined or they are not of one kind.
fn difference(now: &Value, then: &Value) -> Value {
    match (now, then) {
        (Value::Int(now), Value::Int(then)) => now.checked_sub(*then).map_or(Value::Null, Value::Int),
        (Value::Number(now), Value::Number(then)) => Value::Number(now - then),
        (
            Value::Amount { minor: now, exponent },
            Value::Amount {
                minor: then,
                exponent: other,
            },
        ) if exponent == other => {
            let minor = now.checked_sub(*then);
            minor.map_or(Value::Null, |minor| Value::Amount {
                minor,
                exponent: *exponent,
            })
        }
        _ => Value::Null,
    }
}
