//! The metrics: pure functions from frames to tables.
//!
//! They know no database, no web server and no clock. Each metric is one file here and one
//! line in [`ALL`]; it declares the queries whose frames it needs, and the caller runs them.

mod bot_activation;
mod bot_activity;
mod bot_growth;
mod bot_retention;
mod change;
pub mod column;
mod concentration;
mod conversation_length;
mod conversion;
mod converting;
mod coverage;
mod declines;
mod exact;
pub mod forecast;
pub mod fx;
mod grouping;
pub mod known_values;
mod milestones;
mod money;
pub mod parameter;
mod path_effect;
mod payment_rates;
mod payments;
mod provider_share;
mod rows;
mod scope;
mod slots;
pub mod statistics;
mod top;
mod wide;
mod window;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use polars::prelude::DataFrame;

pub use crate::facts::fact::Dimension;
pub use column::Column;
pub use converting::RateUse;
pub use parameter::{Argument, Parameter, Takes};
pub use scope::{Scope, Source};
pub use top::{LeftOut, MOST_VALUES};
pub use window::Window;

use crate::model::{Currency, Mode, Table, TimeRange};
use parameter::Typed;

/// Every metric, in the order in which they are listed.
pub const ALL: &[Metric] = &[
    bot_growth::METRIC,
    milestones::METRIC,
    bot_activity::METRIC,
    bot_activation::METRIC,
    bot_retention::METRIC,
    conversion::METRIC,
    conversation_length::METRIC,
    path_effect::METRIC,
    provider_share::METRIC,
    payments::METRIC,
    declines::METRIC,
    change::METRIC,
    coverage::METRIC,
    forecast::METRIC,
];

/// Finds a metric by its name.
pub fn find(name: &str) -> Option<&'static Metric> {
    ALL.iter().find(|metric| metric.name == name)
}

/// What a metric is, for machines and for people.
#[derive(Debug)]
pub struct Metric {
    /// Its name in addresses.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What its numbers mean.
    pub definition: Definition,
    /// Dimensions it can be grouped and filtered by.
    pub dimensions: &'static [Dimension],
    /// Its own parameters, in addition to those of every metric.
    pub parameters: &'static [Parameter],
    /// Days before its end at which a range begins that does not state its beginning.
    pub default_days: u64,
    /// The columns of its answers, after those of the bucket and of the asked dimensions. One that is among these is not
    /// repeated.
    pub columns: &'static [Column],
    /// Computes the rows.
    pub compute: fn(&Scope) -> Result<Answer, MetricError>,
}

impl Metric {
    /// Answers a question with a limited number of rows.
    ///
    /// # Errors
    /// When the facts cannot be read, or the answer would be too long.
    pub fn answer(&self, question: &Question, source: &dyn Source, most: usize) -> Result<Outcome, MetricError> {
        let scope = Scope::new(question, source, most);
        let answer = (self.compute)(&scope)?;
        let shown = answer.shown.as_ref().unwrap_or(question);
        let columns = self.columns();
        Ok(Outcome {
            table: rows::table(shown, &columns, &answer.frame)?,
            windows: rows::windows(question, &columns, &answer.frame),
            warnings: answer.warnings,
            rates: answer.rates,
            range: answer.range,
            left_out: answer.left_out,
        })
    }

    /// The columns of its own.
    pub fn columns(&self) -> Vec<Column> {
        Column::expanded(self.columns)
    }

    /// The columns of an answer to a question.
    pub fn heads(&self, question: &Question) -> Vec<crate::model::Column> {
        rows::heads(question, &self.columns().iter().collect::<Vec<_>>())
    }
}

/// Days that a report looks back where a question does not say.
const REPORT_DAYS: u64 = 30;

/// The meaning of a metric's numbers.
#[derive(Debug)]
pub struct Definition {
    /// What each version after the first changed: the same events and the same question can give another number.
    pub changes: &'static [&'static str],
    /// One paragraph for an analyst.
    pub text: &'static str,
    /// What is counted above the line.
    pub numerator: &'static str,
    /// What is counted below the line.
    pub denominator: &'static str,
    /// What is left out.
    pub excludes: &'static [&'static str],
}

impl Definition {
    /// Its version, from 1: raised whenever the meaning changes.
    pub fn version(&self) -> usize {
        1 + self.changes.len()
    }
}

/// A filter on one dimension. `None` among the values means rows without one.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The dimension.
    pub dimension: &'static str,
    /// Any of these; empty: no restriction.
    pub any_of: Vec<Option<String>>,
    /// None of these.
    pub none_of: Vec<Option<String>>,
}

impl Filter {
    /// Whether a row with this value stays.
    pub fn keeps(&self, value: Option<&str>) -> bool {
        let is = |asked: &Option<String>| asked.as_deref() == value;
        (self.any_of.is_empty() || self.any_of.iter().any(is)) && !self.none_of.iter().any(is)
    }
}

/// A question, checked: every name in it exists.
#[derive(Debug, Clone)]
pub struct Question {
    /// Range, interval and zone.
    pub range: TimeRange,
    /// The moment whose knowledge answers.
    pub as_of: DateTime<Utc>,
    /// Live or test.
    pub mode: Mode,
    /// The reporting currency; `None` for `currency=original`.
    pub currency: Option<Currency>,
    /// Dimensions that split the rows, in the asked order.
    pub group_by: Vec<&'static str>,
    /// Filters, at most one per dimension.
    pub filters: Vec<Filter>,
    /// The metric's own parameters, with defaults filled in.
    pub parameters: BTreeMap<&'static str, Argument>,
    /// How many values of a metric's own column have their own rows, the others together one; `None`: all have.
    pub most_values: Option<usize>,
    /// Whether the answer also has the rows of the whole range as one bucket.
    pub whole: bool,
}

impl Question {
    /// The filter on a dimension, if any.
    pub fn filter(&self, dimension: &str) -> Option<&Filter> {
        self.filters.iter().find(|filter| filter.dimension == dimension)
    }

    /// Whether it groups or filters by a dimension.
    pub fn uses(&self, dimension: &str) -> bool {
        self.group_by.contains(&dimension) || self.filter(dimension).is_some()
    }

    /// A parameter of the metric's own, as it was written.
    pub fn parameter(&self, name: &str) -> &str {
        self.parameters
            .get(name)
            .map_or("", |argument| argument.written.as_str())
    }

    /// A parameter that is one of some words.
    pub fn word(&self, name: &str) -> &'static str {
        match self.parameters.get(name).map(|argument| &argument.value) {
            Some(Typed::Word(word)) => word,
            _ => "",
        }
    }

    /// A parameter that is a duration.
    pub fn duration(&self, name: &str) -> TimeDelta {
        match self.parameters.get(name).map(|argument| &argument.value) {
            Some(Typed::Duration(length)) => *length,
            _ => TimeDelta::zero(),
        }
    }

    /// A parameter of a type of the metric's own.
    pub fn own<T: 'static>(&self, name: &str) -> Option<&T> {
        match &self.parameters.get(name)?.value {
            Typed::Own(value) => value.downcast_ref(),
            _ => None,
        }
    }

    /// Whether a bucket is whole and over at `as_of`.
    pub fn complete(&self, bucket: &crate::model::Bucket) -> bool {
        bucket.whole && bucket.end <= self.as_of
    }

    /// Whether a rate with a window has settled for a bucket.
    pub fn mature(&self, bucket: &crate::model::Bucket, window: TimeDelta) -> bool {
        let settled = bucket.end.checked_add_signed(window);
        settled.is_some_and(|settled| settled <= self.as_of)
    }
}

/// What a metric computes.
#[derive(Debug)]
pub struct Answer {
    /// A row for each of the answer, in their order: its `bucket`, from 0, the asked dimensions, and what the metric's
    /// columns are told from.
    pub frame: DataFrame,
    /// What a reader must know beside it.
    pub warnings: Vec<String>,
    /// The exchange rates by which amounts were converted.
    pub rates: Vec<RateUse>,
    /// The values that are combined into one.
    pub left_out: Option<LeftOut>,
    /// The range as the metric cut it, where the question left that to it.
    pub range: Option<TimeRange>,
    /// The question whose buckets the rows have, where that is another.
    pub shown: Option<Question>,
}

impl Answer {
    /// Rows of which nothing more is to be said.
    pub fn of(frame: DataFrame) -> Self {
        Answer {
            frame,
            warnings: Vec::new(),
            rates: Vec::new(),
            left_out: None,
            range: None,
            shown: None,
        }
    }
}

/// An answer as it is sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The rows.
    pub table: Table,
    /// What a reader must know beside them.
    pub warnings: Vec<String>,
    /// The exchange rates by which amounts were converted.
    pub rates: Vec<RateUse>,
    /// What settles only some time after a bucket's end.
    pub windows: Vec<Window>,
    /// The range as the metric cut it, where the question left that to it.
    pub range: Option<TimeRange>,
    /// The values that are combined into one.
    pub left_out: Option<LeftOut>,
}

/// Why a metric could not be computed.
#[derive(Debug, thiserror::Error)]
pub enum MetricError {
    /// The facts could not be read; their source knows why.
    #[error("the facts could not be read")]
    Unread,
    /// A figure is not what its column declares.
    #[error("{0}")]
    Type(String),
    /// A sum exceeds what can be shown.
    #[error("a sum of money exceeds 128 bits")]
    Overflow,
    /// The answer would be longer than allowed.
    #[error("the answer would have more than {0} rows")]
    TooManyRows(usize),
    /// Polars failed.
    #[error(transparent)]
    Polars(#[from] polars::error::PolarsError),
}
