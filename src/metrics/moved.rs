//! Money that moved: sums of captures, refunds, lost disputes and reversals, and what is left of them.

use std::collections::HashSet;

use polars::prelude::DataFrame;

use super::converting::Converter;
use super::fx::Sum;
use super::grouping::{Cells, Grid, Group, buckets, counts, ints};
use super::{MetricError, Question};
use crate::model::Currency;

/// The names of the columns that make up a group of payments: what was asked, any further one, and
/// the currency where nothing is converted.
pub(super) fn group_names<'a>(question: &Question, further: &[&'a str]) -> Vec<&'a str>
where
    'static: 'a,
{
    let currency = question.currency.is_none().then_some("currency");
    question
        .group_by
        .iter()
        .copied()
        .chain(further.iter().copied())
        .chain(currency)
        .collect()
}

/// The currency of a group's amounts: the asked one, else the group's own, which stands last.
pub(super) fn currency_of(question: &Question, group: &Group) -> Option<Currency> {
    question.currency.or_else(|| Currency::parse(group.last()?.as_deref()?))
}

/// The sums of amounts in a frame, row by row, ready to be added in the question's currency.
pub(super) struct Amounts<'a> {
    converter: &'a mut Converter,
    currencies: Vec<Option<Currency>>,
    days: Vec<i64>,
    high: Vec<i64>,
    low: Vec<i64>,
}

impl<'a> Amounts<'a> {
    /// Reads the columns `currency`, `rate_day`, `minor_high` and `minor_low`.
    pub fn of(converter: &'a mut Converter, frame: &DataFrame) -> Result<Self, MetricError> {
        let currencies = frame
            .column("currency")?
            .str()?
            .iter()
            .map(|code| Currency::parse(code?))
            .collect();
        let (high, low) = (counts(frame, "minor_high")?, counts(frame, "minor_low")?);
        Ok(Amounts {
            converter,
            currencies,
            days: counts(frame, "rate_day")?,
            high,
            low,
        })
    }

    /// Adds a row's amount; false where it has no rate and is left out.
    pub fn add(&mut self, row: usize, sum: &mut Sum) -> Result<bool, MetricError> {
        // The query hands a sum over in two halves, because 64 bits may not hold it.
        let minor = (i128::from(self.high[row]) << 32) + i128::from(self.low[row]);
        let rate = self.currencies[row].and_then(|from| self.converter.rate(from, self.days[row]));
        sum.add(minor, rate)
    }
}

/// What moved in one bucket and group.
#[derive(Debug, Clone, Default)]
pub(super) struct Moved {
    pub gross: Sum,
    pub refunded: Sum,
    pub disputed_lost: Sum,
    pub reversed: Sum,
    pub chargebacks_opened: i64,
    pub chargebacks_won: i64,
    pub chargebacks_lost: i64,
    left_out: HashSet<i64>,
    unnamed: i64,
}

impl Moved {
    /// Payments whose money has no rate and is left out of the sums.
    pub fn unconverted(&self) -> i64 {
        self.left_out.len() as i64 + self.unnamed
    }

    /// gross − refunded − disputed_lost − reversed, from the rounded sums.
    pub fn net(&self) -> Option<i128> {
        let taken = [&self.refunded, &self.disputed_lost, &self.reversed];
        taken
            .into_iter()
            .try_fold(self.gross.total()?, |net, sum| net.checked_sub(sum.total()?))
    }
}

/// Adds the movements of a frame, whose rows are of these groups, to the accumulators that `own` picks out of a grid's cells.
pub(super) fn add_movements<T: Default + Clone>(
    question: &Question,
    converter: &mut Converter,
    frame: &DataFrame,
    groups: &[Group],
    grid: &mut Grid<T>,
    own: impl Fn(&mut T) -> &mut Moved,
) -> Result<(), MetricError> {
    let mut amounts = Amounts::of(converter, frame)?;
    let at = buckets(frame, &Cells::of(&question.range))?;
    let (kinds, movements) = (frame.column("kind")?.str()?, counts(frame, "movements")?);
    let foreign = ints(frame, "foreign_key")?;
    for ((row, group), kind) in groups.iter().enumerate().zip(kinds.iter()) {
        let Some(cell) = grid.at(at[row], group) else { continue };
        let moved = own(cell);
        let sum = match kind.unwrap_or_default() {
            "capture" => &mut moved.gross,
            "refund" => &mut moved.refunded,
            "dispute_lost" => &mut moved.disputed_lost,
            "reversal" => &mut moved.reversed,
            other => {
                match other {
                    "chargeback_opened" => moved.chargebacks_opened += movements[row],
                    "chargeback_won" => moved.chargebacks_won += movements[row],
                    "chargeback_lost" => moved.chargebacks_lost += movements[row],
                    _ => {}
                }
                continue;
            }
        };
        if !amounts.add(row, sum)? {
            match foreign[row] {
                Some(payment) => _ = moved.left_out.insert(payment),
                // Without a conversion only a payment that names no currency is left out.
                None => moved.unnamed += movements[row],
            }
        }
    }
    Ok(())
}
