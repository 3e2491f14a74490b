//! A question, read from the pairs of a query string and checked, or the parameter that is wrong.

use chrono::{DateTime, Utc};

use super::parameters::{Given, unknown};
use crate::metrics::{Filter, Metric, Parameter, Question};
use crate::model::{Currency, Mode};

pub use super::parameters::COMMON;
pub use super::refusal::{Fault, QuestionError};
pub use super::values::named;
pub use crate::model::Compare;

/// A checked question and what to set beside its answer.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The question for the metric.
    pub question: Question,
    /// The comparison, if any.
    pub compare: Option<Compare>,
    /// When it was asked.
    pub now: DateTime<Utc>,
    /// False where `as_of` stands for now.
    pub as_of_given: bool,
    /// What the asker probably does not mean.
    pub warnings: Vec<String>,
}

/// What stands where a question says nothing.
#[derive(Debug, Clone, Copy)]
pub struct Defaults {
    /// The present moment: nothing later can be asked for, and ranges end here.
    pub now: DateTime<Utc>,
    /// The moment up to which everything received can be answered.
    pub as_of: DateTime<Utc>,
    /// The reporting currency; `None` converts nothing.
    pub currency: Option<Currency>,
}

/// The same question to another metric, with values for some of that metric's own parameters and defaults for the rest.
///
/// # Errors
/// Names a filter that the metric does not have, or a parameter whose value it does not take.
pub fn about(metric: &'static Metric, shared: &Question, own: &[(&str, &str)]) -> Result<Question, QuestionError> {
    let is_known = |filter: &&Filter| metric.dimensions.iter().any(|one| one.0 == filter.dimension);
    if let Some(filter) = shared.filters.iter().find(|filter| !is_known(filter)) {
        return Err(unknown(metric, filter.dimension));
    }
    let read = |parameter: &Parameter| {
        let value = own.iter().find(|(name, _)| *name == parameter.name);
        let argument = parameter.read(value.map_or(parameter.default, |(_, value)| value));
        let refused = |message| QuestionError::invalid(parameter.name, message);
        Ok((parameter.name, argument.map_err(refused)?))
    };
    Ok(Question {
        parameters: metric.parameters.iter().map(read).collect::<Result<_, _>>()?,
        ..shared.clone()
    })
}

/// Reads the pairs of a query string as a question to `metric`.
///
/// # Errors
/// Names the first parameter that is unknown, repeated or has a value it does not take.
pub fn parse(metric: &'static Metric, pairs: &[(String, String)], defaults: &Defaults) -> Result<Asked, QuestionError> {
    let given = Given::collect(metric, pairs)?;
    let tz = given.zone()?;
    let as_of = given.as_of(defaults.now)?;
    let compare = given.word("compare", Compare::parse, "must be previous_period or previous_year")?;
    let mode = given.word("mode", Mode::parse, "must be live or test")?;
    let warnings = given.warnings();
    let question = Question {
        // A range without an end runs to the present, also while the latest events are still being folded.
        range: given.range(tz, as_of.unwrap_or(defaults.now), metric.default_days)?,
        as_of: as_of.unwrap_or(defaults.as_of),
        mode: mode.unwrap_or(Mode::Live),
        currency: given.currency(defaults.currency)?,
        group_by: given.groups(metric)?,
        filters: given.filters,
        parameters: given.own,
        most_values: None,
        whole: false,
    };
    Ok(Asked {
        question,
        compare,
        now: defaults.now,
        as_of_given: as_of.is_some(),
        warnings,
    })
}
