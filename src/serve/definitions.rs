//! What each metric means and gives, for programs (`/v1/metrics`) and for people (`/docs/metrics`).

use std::sync::{Arc, OnceLock};

use super::question::{self, Defaults};
use super::report::{self, AnswerError};
use crate::metrics::{self, Metric};
use crate::model::{Column, ColumnType};
use crate::store::Store;

/// A metric with the columns of its answers.
#[derive(Debug, Clone)]
pub struct Described {
    /// The metric.
    pub metric: &'static Metric,
    /// The columns of an answer to its default question.
    pub columns: Vec<Column>,
}

/// The list of metrics, made when it is first asked for: columns are those of real answers, and never change
/// while the program runs.
#[derive(Debug, Clone, Default)]
pub struct Definitions(Arc<OnceLock<Vec<Described>>>);

/// A day before any bot: what is asked of it costs little, and its answer has the columns of every other.
const DAY: [(&str, &str); 2] = [("from", "1970-01-01"), ("to", "1970-01-02")];

/// A metric whose answer takes Polars' whole engine.
const WARM_UP: &str = "conversion";

impl Definitions {
    /// Every metric. Blocking the first time.
    ///
    /// # Errors
    /// When the store or a metric fails.
    pub fn all(&self, store: &Store, defaults: &Defaults) -> Result<&[Described], AnswerError> {
        if let Some(known) = self.0.get() {
            return Ok(known);
        }
        // Nothing is to be waited for: columns are the same at every moment.
        let defaults = Defaults {
            as_of: store.folded_to(),
            ..*defaults
        };
        let described = metrics::ALL.iter().map(|metric| described(store, metric, &defaults));
        let found = described.collect::<Result<Vec<_>, _>>()?;
        Ok(self.0.get_or_init(|| found))
    }
}

/// Answers one question, so that what Polars makes at its first use is made.
///
/// # Errors
/// When the store or the metric fails.
pub fn warm_up(store: &Store, defaults: &Defaults) -> Result<(), AnswerError> {
    let metric = metrics::find(WARM_UP).ok_or(AnswerError::Broken)?;
    described(store, metric, defaults).map(drop)
}

fn described(store: &Store, metric: &'static Metric, defaults: &Defaults) -> Result<Described, AnswerError> {
    let pairs = DAY.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let asked = question::parse(metric, &pairs, defaults).map_err(|_| AnswerError::Broken)?;
    let columns = report::answer(store, metric, &asked.question)?.table.columns;
    Ok(Described { metric, columns })
}

/// The unit of a column's cells; an amount's is a currency, which the column `currency` or the question names.
pub fn unit(column: &Column) -> Option<&'static str> {
    let money = column.kind == ColumnType::Amount;
    column.unit.or(money.then_some("currency"))
}
