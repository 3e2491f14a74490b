//! What each metric means and gives, for programs (`/v1/metrics`) and for people (`/docs/metrics`).

use super::question::{self, Defaults};
use super::report::{self, AnswerError};
use crate::metrics::{self, Metric, Question};
use crate::model::{Column, ColumnType};
use crate::store::Store;

/// A metric with the columns of the answer to its default question.
#[derive(Debug, Clone)]
pub struct Described {
    /// The metric.
    pub metric: &'static Metric,
    /// The columns.
    pub columns: Vec<Column>,
}

impl Described {
    /// What a column tells; empty for those of the bucket and the groups, which are the same in every answer.
    pub fn meaning(&self, column: &Column) -> String {
        let own = self.metric.columns().into_iter().find(|own| own.name == column.name);
        own.map_or(String::new(), |own| own.sentence())
    }
}

/// A day before any bot: what is asked of it costs little.
const DAY: [(&str, &str); 2] = [("from", "1970-01-01"), ("to", "1970-01-02")];

/// A metric whose answer takes Polars' whole engine.
const WARM_UP: &str = "conversion";

/// Every metric.
///
/// # Errors
/// When a metric does not take its own defaults.
pub fn all(defaults: &Defaults) -> Result<Vec<Described>, AnswerError> {
    let described = |metric: &'static Metric| {
        let columns = metric.heads(&default_question(metric, defaults)?);
        Ok(Described { metric, columns })
    };
    metrics::ALL.iter().map(described).collect()
}

/// Answers one question, so that what Polars makes at its first use is made.
///
/// # Errors
/// When the store or the metric fails.
pub fn warm_up(store: &Store, defaults: &Defaults) -> Result<(), AnswerError> {
    let metric = metrics::find(WARM_UP).ok_or(AnswerError::Broken)?;
    report::answer(store, metric, &default_question(metric, defaults)?).map(drop)
}

fn default_question(metric: &'static Metric, defaults: &Defaults) -> Result<Question, AnswerError> {
    let pairs = DAY.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let asked = question::parse(metric, &pairs, defaults).map_err(|_| AnswerError::Broken)?;
    Ok(asked.question)
}

/// The unit of a column's cells; an amount's is a currency, which the column `currency` or the question names.
pub fn unit(column: &Column) -> Option<&'static str> {
    let money = column.kind == ColumnType::Amount;
    column.unit.or(money.then_some("currency"))
}
