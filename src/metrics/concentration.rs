//! What the values of a share come to, each for itself, also where an answer tells of many as one.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::converting::Converter;
use super::exact::Sum;
use super::grouping::{Cells, Group, buckets, counts, groups};
use super::moved::Amounts;
use super::statistics::{hhi, ratio};
use super::table::number;
use super::top::Top;
use super::{Frames, MetricError, Question};
use crate::model::Value;

/// The payments of each group of values: in a bucket, or before the range.
pub(super) struct Counted {
    pub rows: Vec<(Group, Option<usize>, i64)>,
}

impl Counted {
    pub fn of(question: &Question, frames: &Frames, names: &[&str]) -> Result<Self, MetricError> {
        let frame = frames.get("counts")?;
        let cells = Cells::of(&question.range);
        let counted = counts(frame, "cell")?.into_iter().zip(counts(frame, "payments")?);
        let rows = groups(frame, names)?.into_iter().zip(counted);
        let bucket = |cell: i64| (cell >= 0).then(|| cells.bucket(cell));
        Ok(Counted {
            rows: rows
                .map(|(group, (cell, payments))| (group, bucket(cell), payments))
                .collect(),
        })
    }

    /// The values with the most payments in the range; money may have moved of others too.
    pub fn top(&self, question: &Question, moved: &[Group]) -> Top {
        let at = question.group_by.len();
        let counted = self.rows.iter();
        let counted = counted.map(|(group, bucket, payments)| (group, bucket.map_or(0, |_| *payments)));
        let moved = moved.iter().map(|group| (group, 0));
        let sized = counted.chain(moved);
        let sized = sized.map(|(group, size)| (group.get(at).and_then(Option::as_deref), size));
        Top::of("value", sized, question.most_values)
    }
}

/// The payments and the gross of each value of a bucket and whole, also of those that are told as one.
pub(super) type Values = BTreeMap<(usize, Group), BTreeMap<Option<String>, (i64, Sum)>>;

/// Adds them up.
///
/// # Errors
/// When a sum is too large, or the frame is not the query's.
pub(super) fn values(
    question: &Question,
    converter: &mut Converter,
    counted: &Counted,
    (movements, moved): (&DataFrame, &[Group]),
) -> Result<Values, MetricError> {
    let mut values = Values::new();
    let place = |bucket: usize, group: &Group| {
        let value = group.get(question.group_by.len()).cloned().flatten();
        ((bucket, without_value(question, group)), value)
    };
    for (group, bucket, payments) in &counted.rows {
        let Some(bucket) = *bucket else { continue };
        let (whole, value) = place(bucket, group);
        values.entry(whole).or_default().entry(value).or_default().0 += payments;
    }
    let at = buckets(movements, &Cells::of(&question.range))?;
    let mut amounts = Amounts::of(converter, movements)?;
    for (row, kind) in movements.column("kind")?.str()?.iter().enumerate() {
        if kind == Some("capture") {
            let (whole, value) = place(at[row], &moved[row]);
            let gross = &mut values.entry(whole).or_default().entry(value).or_default().1;
            amounts.add(row, gross)?;
        }
    }
    Ok(values)
}

fn is_named(value: Option<&str>) -> bool {
    !matches!(value, None | Some("none" | "unknown"))
}

/// What shares a whole: the group without its value, which stands after the asked dimensions.
pub(super) fn without_value(question: &Question, group: &Group) -> Group {
    let mut rest = group.clone();
    rest.remove(question.group_by.len());
    rest
}

/// How concentrated the named values are, each for itself.
pub(super) fn concentration(values: Option<&BTreeMap<Option<String>, (i64, Sum)>>, payments: i64) -> [Value; 5] {
    let named = || {
        values
            .into_iter()
            .flatten()
            .filter(|(value, _)| is_named(value.as_deref()))
    };
    let counted = || named().map(|(_, (payments, _))| *payments);
    let counts: Vec<f64> = counted().map(|count| count as f64).collect();
    let amounts: Vec<f64> = named()
        .map(|(_, (_, gross))| gross.total().unwrap_or(0) as f64)
        .collect();
    let by_count = hhi(&counts);
    let largest = counted().max().filter(|largest| *largest > 0);
    [
        number(by_count),
        number(hhi(&amounts)),
        number(by_count.map(|hhi| 10_000.0 / hhi)),
        number(largest.and_then(|largest| ratio(largest, payments))),
        number(ratio(counted().sum(), payments)),
    ]
}
