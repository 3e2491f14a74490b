//! Sets an earlier range beside an answer: `<column>_previous` and `<column>_change`.
//!
//! Rows meet where their buckets correspond and everything that names a row (groups, values, steps)
//! is the same; both buckets must be complete, and of a cohort that which gathered it. Everything else stays null.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::question::Compare;
use super::report::Report;
use crate::metrics::{Question, RateUse};
use crate::model::{Column, Role, Table, Value};

/// For each bucket of the range, the position of the one it is compared with, if both are complete.
fn partners(now: &Question, then: &Question, by: Compare) -> Vec<Option<usize>> {
    let counterparts = now.range.counterparts(&then.range, by);
    let complete = |(bucket, other): (&crate::model::Bucket, Option<usize>)| {
        let earlier = then.range.buckets.get(other?)?;
        other.filter(|_| now.complete(bucket) && then.complete(earlier))
    };
    now.range.buckets.iter().zip(counterparts).map(complete).collect()
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
            let there = by_key.get(&(other?, name)).copied()?;
            (ours.has_whole_cohort(row) && theirs.has_whole_cohort(there)).then_some(there)
        })
        .collect();
    if !report.table.columns.iter().any(|column| column.role.is_figure()) {
        let warning = "nothing is compared: no column of this answer is a number that was measured";
        report.meta.warnings.push(warning.to_owned());
    }
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
    question: &'a Question,
    names: Vec<usize>,
    start: Option<usize>,
    buckets: HashMap<DateTime<Utc>, usize>,
}

impl<'a> Rows<'a> {
    fn of(table: &'a Table, question: &'a Question) -> Self {
        let names = (0..table.columns.len())
            .filter(|at| table.columns[*at].role.is_name())
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
            question,
            names,
            start: table.position("bucket_start"),
            buckets,
        }
    }

    /// The bucket that begins at the moment in a cell.
    fn bucket(&self, row: usize, column: usize) -> Option<usize> {
        match self.table.rows[row].get(column)? {
            Value::Time(at) => self.buckets.get(&at.with_timezone(&Utc)).copied(),
            _ => None,
        }
    }

    /// False for the row of a cohort whose own bucket is not complete.
    fn has_whole_cohort(&self, row: usize) -> bool {
        let cohort = |column: &Column| column.role == Role::Cohort;
        let Some(column) = self.table.columns.iter().position(cohort) else {
            return true;
        };
        let bucket = self.bucket(row, column);
        bucket.is_some_and(|bucket| self.question.complete(&self.question.range.buckets[bucket]))
    }

    fn key(&self, row: usize) -> Option<(usize, Vec<String>)> {
        let cells = &self.table.rows[row];
        let bucket = self.bucket(row, self.start?)?;
        // A null and an empty text are different values of a dimension.
        let name = |at: &usize| match &cells[*at] {
            Value::Null => "null".to_owned(),
            value => format!("={}", value.to_text()),
        };
        Some((bucket, self.names.iter().map(name).collect()))
    }
}

fn widen(now: &Table, then: &Table, matched: &[Option<usize>]) -> Table {
    let mut wide = Table::default();
    wide.rows.resize_with(now.rows.len(), Vec::new);
    for (at, column) in now.columns.iter().enumerate() {
        wide.columns.push(column.clone());
        for (row, cells) in wide.rows.iter_mut().zip(&now.rows) {
            row.push(cells[at].clone());
        }
        if !column.role.is_figure() {
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
        if !column.role.is_bound() {
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
