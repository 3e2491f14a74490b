//! What is forecast, bucket by bucket: the population, payments or captured money.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::super::converting::Converter;
use super::super::fx::Sum;
use super::super::grouping::{Cells, Grid, Group, buckets, counts, groups};
use super::super::moved::{Amounts, currency_of, group_names};
use super::super::{Frames, MetricError, Question};
use crate::model::Currency;

/// What can be forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Members of the population at the end of a bucket.
    Bots,
    /// Payments first captured in it.
    Payments,
    /// Money captured in it.
    Gross,
}

impl Of {
    /// Reads the word used in questions.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "bots" => Some(Of::Bots),
            "payments" => Some(Of::Payments),
            "gross" => Some(Of::Gross),
            _ => None,
        }
    }

    /// What a question asks for.
    pub fn asked(question: &Question) -> Self {
        Of::parse(question.parameter("of")).unwrap_or(Of::Bots)
    }
}

/// The series of one group.
#[derive(Debug)]
pub struct Series {
    /// The values of the asked dimensions.
    pub group: Group,
    /// Of amounts.
    pub currency: Option<Currency>,
    /// Whole bots, payments or minor units, one a bucket; `None` where nothing of a sum has an exchange rate.
    pub values: Vec<Option<i128>>,
}

/// The series that a question asks for, one a group, in order of their groups.
pub fn read(question: &Question, frames: &Frames, converter: &mut Converter) -> Result<Vec<Series>, MetricError> {
    match Of::asked(question) {
        Of::Bots => bots(question, frames.get("bots")?),
        Of::Payments => payments(question, frames.get("payments")?),
        Of::Gross => gross(question, frames.get("gross")?, converter),
    }
}

fn bots(question: &Question, frame: &DataFrame) -> Result<Vec<Series>, MetricError> {
    let names = &question.group_by;
    let cells = Cells::of(&question.range);
    let (at, change) = (counts(frame, "cell")?, counts(frame, "change")?);
    let mut opening: BTreeMap<Group, i64> = BTreeMap::new();
    let mut grid: Grid<i64> = Grid::new(question.range.buckets.len());
    let groups = groups(frame, names)?;
    for (row, group) in groups.iter().enumerate() {
        if at[row] < 0 {
            *opening.entry(group.clone()).or_default() += change[row];
        } else if let Some(changes) = grid.at(cells.bucket(at[row]), group) {
            *changes += change[row];
        }
    }
    // Who stayed all the time has no change, but a place; who had left before has neither.
    for (group, _) in opening.iter().filter(|(_, members)| **members > 0) {
        grid.row(group);
    }
    let series = grid.finish(names.len()).into_iter().map(|(group, changes)| {
        let mut members = i128::from(opening.get(&group).copied().unwrap_or_default());
        let closing = |change: i64| {
            members += i128::from(change);
            Some(members)
        };
        Series {
            values: changes.into_iter().map(closing).collect(),
            currency: None,
            group,
        }
    });
    Ok(series.collect())
}

fn payments(question: &Question, frame: &DataFrame) -> Result<Vec<Series>, MetricError> {
    let at = buckets(frame, &Cells::of(&question.range))?;
    let payments = counts(frame, "payments")?;
    let mut grid: Grid<i64> = Grid::new(question.range.buckets.len());
    for (row, group) in groups(frame, &question.group_by)?.iter().enumerate() {
        if let Some(count) = grid.at(at[row], group) {
            *count += payments[row];
        }
    }
    let rows = grid.finish(question.group_by.len()).into_iter();
    let series = rows.map(|(group, counts)| Series {
        values: counts.into_iter().map(|count| Some(i128::from(count))).collect(),
        currency: None,
        group,
    });
    Ok(series.collect())
}

fn gross(question: &Question, frame: &DataFrame, converter: &mut Converter) -> Result<Vec<Series>, MetricError> {
    // Without a conversion each currency is a group of its own, which stands last.
    let names = group_names(question, &[]);
    let mut amounts = Amounts::of(converter, frame)?;
    let at = buckets(frame, &Cells::of(&question.range))?;
    let mut grid: Grid<Sum> = Grid::new(question.range.buckets.len());
    for (row, group) in groups(frame, &names)?.iter().enumerate() {
        if let Some(sum) = grid.at(at[row], group) {
            amounts.add(row, sum)?;
        }
    }
    let rows = grid.finish(names.len()).into_iter();
    let series = rows.map(|(mut group, sums)| {
        let currency = currency_of(question, &group);
        group.truncate(question.group_by.len());
        let total = |sum: &Sum| sum.total().filter(|_| currency.is_some());
        Series {
            values: sums.iter().map(total).collect(),
            currency,
            group,
        }
    });
    Ok(series.collect())
}
