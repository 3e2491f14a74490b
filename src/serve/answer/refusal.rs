//! Why a question is refused, always with the parameter to blame, and the problem it becomes.

use super::report::AnswerError;
use crate::http::Problem;
use crate::metrics::MetricError;
use crate::model::time::RangeError;
use crate::store::StoreError;

/// What kind of mistake a question has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No parameter of that name.
    UnknownParameter,
    /// A value that the parameter does not take.
    InvalidParameter,
    /// A zone that is not in the IANA list.
    UnknownZone,
    /// A range that is empty, out of bounds or too finely cut.
    InvalidRange,
}

/// Why a question is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{parameter}` {message}")]
pub struct QuestionError {
    /// The kind of mistake.
    pub fault: Fault,
    /// The parameter to blame.
    pub parameter: String,
    /// What is wrong with it and what would be accepted.
    pub message: String,
}

impl QuestionError {
    /// A value that the parameter does not take.
    pub fn invalid(parameter: &str, message: impl Into<String>) -> Self {
        QuestionError {
            fault: Fault::InvalidParameter,
            parameter: parameter.into(),
            message: message.into(),
        }
    }

    /// A range that cannot be cut into buckets.
    pub fn range(error: RangeError, parameter: &str) -> Self {
        Self::invalid_range(parameter, format!("gives no possible range: {error}"))
    }

    /// A parameter that makes the range impossible.
    pub fn invalid_range(parameter: &str, message: impl Into<String>) -> Self {
        QuestionError {
            fault: Fault::InvalidRange,
            ..Self::invalid(parameter, message)
        }
    }
}

/// Characters of the longest word for which a near one is looked for.
const LONGEST: usize = 64;

/// The known word that was probably meant, as the end of a sentence; empty where none is near.
pub fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    if word.len() > LONGEST {
        return String::new();
    }
    let (word, most) = (word.to_lowercase(), (word.chars().count() / 3).max(1));
    let near = known
        .into_iter()
        .map(|other| (strsim::osa_distance(&word, &other.to_lowercase()), other));
    match near.min().filter(|(distance, _)| *distance <= most) {
        Some((_, other)) => format!("; did you mean `{other}`?"),
        None => String::new(),
    }
}

impl From<QuestionError> for Problem {
    fn from(error: QuestionError) -> Self {
        match error.fault {
            Fault::UnknownParameter => {
                let detail = error.to_string();
                Problem::unknown_parameter_of(error.parameter, detail)
            }
            Fault::InvalidParameter | Fault::UnknownZone | Fault::InvalidRange => {
                let detail = error.to_string();
                Problem::invalid_parameter(error.parameter, detail)
            }
        }
    }
}

impl From<AnswerError> for Problem {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::TooManyRows(limit)
            | AnswerError::Metric(MetricError::TooManyRows(limit))
            | AnswerError::Store(StoreError::TooManyRows(limit)) => Problem::too_many_rows(limit),
            AnswerError::Question(error) => error.into(),
            AnswerError::Compare(_) => Problem::invalid_parameter("compare", error.to_string()),
            AnswerError::Store(error) => error.into(),
            AnswerError::Busy => Problem::busy(),
            AnswerError::TimedOut => Problem::timeout(),
            AnswerError::Metric(_) | AnswerError::Render(_) | AnswerError::Broken => Problem::internal(error),
        }
    }
}
