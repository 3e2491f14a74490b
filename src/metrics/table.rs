//! Rows of an answer: bucket, groups and figures, under the columns that every metric shares.

use super::Question;
use super::grouping::Group;
use super::statistics::{Span, ratio, wilson};
use crate::model::{Column, ColumnType, Table, Value};

/// A column of a metric's own: name, type, unit.
pub(super) type Spec = (&'static str, ColumnType, Option<&'static str>);

/// An answer in the making.
pub(super) struct Sheet<'a> {
    question: &'a Question,
    table: Table,
}

impl<'a> Sheet<'a> {
    /// The columns of buckets and groups, then the metric's own.
    pub fn new(question: &'a Question, own: &[Spec]) -> Self {
        let column = |name: &str, kind, unit| Column {
            name: name.to_owned(),
            kind,
            unit,
        };
        let mut columns = vec![
            column("bucket_start", ColumnType::Timestamp, None),
            column("bucket_end", ColumnType::Timestamp, None),
            column("complete", ColumnType::Boolean, None),
        ];
        columns.extend(
            question
                .group_by
                .iter()
                .map(|name| column(name, ColumnType::Text, None)),
        );
        columns.extend(own.iter().map(|(name, kind, unit)| column(name, *kind, *unit)));
        Sheet {
            question,
            table: Table {
                columns,
                rows: Vec::new(),
            },
        }
    }

    /// Adds the row of a bucket and group.
    pub fn push(&mut self, bucket: usize, group: &[Option<String>], figures: impl IntoIterator<Item = Value>) {
        let Some(span) = self.question.range.buckets.get(bucket) else {
            return;
        };
        let mut cells = vec![
            Value::Time(self.question.range.local(span.start)),
            Value::Time(self.question.range.local(span.end)),
            Value::Bool(self.question.complete(span)),
        ];
        cells.extend(group.iter().map(|value| text(value.as_deref())));
        cells.extend(figures);
        self.table.rows.push(cells);
    }

    /// The finished table.
    pub fn finish(self) -> Table {
        self.table
    }
}

/// The rows of a finished grid bucket by bucket: the same groups in the same order in each.
pub(super) fn by_bucket<T>(rows: &[(Group, Vec<T>)], buckets: usize) -> impl Iterator<Item = (usize, &Group, &T)> {
    (0..buckets).flat_map(move |bucket| {
        rows.iter()
            .filter_map(move |(group, cells)| cells.get(bucket).map(|cell| (bucket, group, cell)))
    })
}

/// A text, or null.
pub(super) fn text(value: Option<&str>) -> Value {
    value.map_or(Value::Null, |value| Value::Text(value.to_owned()))
}

/// A real number, or null where there is none.
pub(super) fn number(value: Option<f64>) -> Value {
    match value {
        Some(value) if value.is_finite() => Value::Number(value),
        _ => Value::Null,
    }
}

/// An amount, or null where there is none or its currency is not known.
pub(super) fn amount(minor: Option<i128>, exponent: Option<u32>) -> Value {
    match (minor, exponent) {
        (Some(minor), Some(exponent)) => Value::Amount { minor, exponent },
        _ => Value::Null,
    }
}

/// A rate, its n and the ends of its interval; but for the n nulls where it is 0.
pub(super) fn counted_rate(hits: i64, n: i64) -> [Value; 4] {
    let [rate, low, high] = rate_cells(hits, n);
    [rate, Value::Int(n), low, high]
}

/// A rate and the ends of its interval; nulls where `n` is 0.
pub(super) fn rate_cells(hits: i64, n: i64) -> [Value; 3] {
    let span: Option<Span> = wilson(hits, n);
    [
        number(ratio(hits, n)),
        number(span.map(|span| span.low)),
        number(span.map(|span| span.high)),
    ]
}
