//! The four rates of payments: approval of attempts and of first attempts, success, and paid checkouts.
//!
//! An attempt is finished at its first approval or failure of any kind, and decided where it was approved or declined:
//! the first attempt of a payment is the first that finished, while success is told at the first that was decided.

use polars::prelude::DataFrame;

use super::converting::Converter;
use super::grouping::{Cells, Grid, buckets, counts, groups};
use super::moved::Amounts;
use super::table::{Spec, counted_rate, number};
use super::{MetricError, Question, fx};
use crate::model::{ColumnType::Integer, ColumnType::Number, Value};

/// The columns of the rates, in the order of [`Rates::cells`].
pub(super) const RATE_COLUMNS: &[Spec] = &[
    ("attempt_approval", Number, Some("ratio")),
    ("attempt_approval_n", Integer, Some("attempts")),
    ("attempt_approval_ci_low", Number, Some("ratio")),
    ("attempt_approval_ci_high", Number, Some("ratio")),
    ("attempt_approval_by_amount", Number, Some("ratio")),
    ("first_attempt_approval", Number, Some("ratio")),
    ("first_attempt_approval_n", Integer, Some("payments")),
    ("first_attempt_approval_ci_low", Number, Some("ratio")),
    ("first_attempt_approval_ci_high", Number, Some("ratio")),
    ("first_attempt_approval_by_amount", Number, Some("ratio")),
    ("payment_success", Number, Some("ratio")),
    ("payment_success_n", Integer, Some("payments")),
    ("payment_success_ci_low", Number, Some("ratio")),
    ("payment_success_ci_high", Number, Some("ratio")),
    ("payment_success_by_amount", Number, Some("ratio")),
    ("checkout_conversion", Number, Some("ratio")),
    ("checkout_conversion_n", Integer, Some("checkouts")),
    ("checkout_conversion_ci_low", Number, Some("ratio")),
    ("checkout_conversion_ci_high", Number, Some("ratio")),
];

/// A rate by count and by amount.
#[derive(Debug, Clone, Default)]
struct Rate {
    hits: i64,
    n: i64,
    hit_amount: fx::Sum,
    amount: fx::Sum,
}

impl Rate {
    fn add(&mut self, hit: bool, count: i64, amounts: &mut Amounts, row: usize) -> Result<(), MetricError> {
        self.n += count;
        amounts.add(row, &mut self.amount)?;
        if hit {
            self.hits += count;
            amounts.add(row, &mut self.hit_amount)?;
        }
        Ok(())
    }

    fn cells(&self) -> [Value; 5] {
        let [rate, n, low, high] = counted_rate(self.hits, self.n);
        let whole = self.amount.total().filter(|whole| *whole > 0);
        let by_amount = whole.map(|whole| self.hit_amount.total().unwrap_or(0) as f64 / whole as f64);
        [rate, n, low, high, number(by_amount)]
    }
}

/// The four rates of one bucket and group.
#[derive(Debug, Clone, Default)]
pub(super) struct Rates {
    attempts: Rate,
    first_attempts: Rate,
    success: Rate,
    checkouts: i64,
    paid_checkouts: i64,
}

impl Rates {
    /// The cells of [`RATE_COLUMNS`]; nulls for checkouts where the question asks for what they do not have.
    pub fn cells(&self, with_checkouts: bool) -> Vec<Value> {
        let mut cells = Vec::with_capacity(RATE_COLUMNS.len());
        for rate in [&self.attempts, &self.first_attempts, &self.success] {
            cells.extend(rate.cells());
        }
        if with_checkouts {
            cells.extend(counted_rate(self.paid_checkouts, self.checkouts));
        } else {
            cells.extend([Value::Null, Value::Null, Value::Null, Value::Null]);
        }
        cells
    }
}

/// Whether a checkout has everything that a question splits and filters by: it has no provider and
/// no currency until somebody pays.
pub(super) fn checkouts_apply(question: &Question, dimensions: &[&str]) -> bool {
    question.currency.is_some()
        && question.group_by.iter().all(|name| dimensions.contains(name))
        && question
            .filters
            .iter()
            .all(|filter| dimensions.contains(&filter.dimension))
}

/// Adds approved and declined attempts.
pub(super) fn add_attempts<T: Default + Clone>(
    question: &Question,
    converter: &mut Converter,
    frame: &DataFrame,
    names: &[&str],
    grid: &mut Grid<T>,
    own: impl Fn(&mut T) -> &mut Rates,
) -> Result<(), MetricError> {
    let mut amounts = Amounts::of(converter, frame)?;
    let at = buckets(frame, &Cells::of(&question.range))?;
    let (first, approved) = (counts(frame, "first")?, counts(frame, "approved")?);
    let attempts = counts(frame, "attempts")?;
    for (row, group) in groups(frame, names)?.iter().enumerate() {
        let Some(cell) = grid.at(at[row], group) else { continue };
        let rates = own(cell);
        let approved = approved[row] == 1;
        rates.attempts.add(approved, attempts[row], &mut amounts, row)?;
        if first[row] == 1 {
            rates.first_attempts.add(approved, attempts[row], &mut amounts, row)?;
        }
    }
    Ok(())
}

/// Adds payments with a decided attempt.
pub(super) fn add_decided<T: Default + Clone>(
    question: &Question,
    converter: &mut Converter,
    frame: &DataFrame,
    names: &[&str],
    grid: &mut Grid<T>,
    own: impl Fn(&mut T) -> &mut Rates,
) -> Result<(), MetricError> {
    let mut amounts = Amounts::of(converter, frame)?;
    let at = buckets(frame, &Cells::of(&question.range))?;
    let (captured, payments) = (counts(frame, "captured")?, counts(frame, "payments")?);
    for (row, group) in groups(frame, names)?.iter().enumerate() {
        let Some(cell) = grid.at(at[row], group) else { continue };
        own(cell)
            .success
            .add(captured[row] == 1, payments[row], &mut amounts, row)?;
    }
    Ok(())
}

/// Adds checkouts whose window is over.
pub(super) fn add_checkouts<T: Default + Clone>(
    question: &Question,
    frame: &DataFrame,
    names: &[&str],
    grid: &mut Grid<T>,
    own: impl Fn(&mut T) -> &mut Rates,
) -> Result<(), MetricError> {
    let at = buckets(frame, &Cells::of(&question.range))?;
    let (checkouts, paid) = (counts(frame, "checkouts")?, counts(frame, "paid")?);
    for (row, group) in groups(frame, names)?.iter().enumerate() {
        let Some(cell) = grid.at(at[row], group) else { continue };
        let rates = own(cell);
        rates.checkouts += checkouts[row];
        rates.paid_checkouts += paid[row];
    }
    Ok(())
}
