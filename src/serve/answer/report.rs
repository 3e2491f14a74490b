//! A report: one metric's answer to one question, with what a reader must know about it.

use std::cell::RefCell;

use chrono::{DateTime, TimeDelta, Utc};
use polars::prelude::DataFrame;

use super::maturity::{self, Maturity};
use super::question::{Asked, Compare, QuestionError};
use super::{annotations, compare};
use crate::metrics::{LeftOut, Metric, MetricError, Question, RateUse, Source, known_values};
use crate::model::time::RangeError;
use crate::model::{Annotation, Params, Query, Table};
use crate::store::{Snapshot, Store, StoreError};

/// Rows of an answer where the asker sets no bound of its own.
pub const ANSWER_ROWS: usize = 100_000;

/// Folding takes less than a second; an answer that is further behind says so.
const LAG: TimeDelta = TimeDelta::minutes(1);

/// Why a question got no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The metric does not take the question.
    #[error(transparent)]
    Question(#[from] QuestionError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The metric failed.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// The range to compare with is not possible.
    #[error("there is nothing to compare with: {0}")]
    Compare(RangeError),
    /// The answer would be longer than allowed.
    #[error("the answer would have more than {0} rows")]
    TooManyRows(usize),
    /// The answer could not be written down.
    #[error("the answer could not be written: {0}")]
    Render(String),
    /// Too many questions are waiting.
    #[error("too many questions are waiting")]
    Busy,
    /// The time limit has passed.
    #[error("the question took longer than allowed")]
    TimedOut,
    /// The work ended without a result.
    #[error("the work on the question broke off")]
    Broken,
}

/// What a reader must know beside the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Meta {
    /// End of the last complete bucket of the range; `None` while none is.
    pub complete_until: Option<DateTime<Utc>>,
    /// What settles late, and which buckets have not; empty where a metric has no window.
    pub maturity: Vec<Maturity>,
    /// Version of the data at `as_of`.
    pub data_version: i64,
    /// Raised by erasure, retention and a changed configuration.
    pub epoch: i64,
    /// Events of the range that came in after figures of their quarter hour may have been shown.
    pub restated: i64,
    /// Sentences for people.
    pub warnings: Vec<String>,
    /// The exchange rates by which amounts were converted.
    pub rates: Vec<RateUse>,
    /// What people have marked in the range, in the order of time.
    pub annotations: Vec<Annotation>,
    /// Earlier ones of the range that the answer has no room for.
    pub annotations_left_out: u64,
}

/// One metric's answer to one question.
#[derive(Debug, Clone)]
pub struct Report {
    /// The metric.
    pub metric: &'static Metric,
    /// The question.
    pub question: Question,
    /// What the answer is set beside, if anything.
    pub compare: Option<Compare>,
    /// What a reader must know beside the rows.
    pub meta: Meta,
    /// The rows.
    pub table: Table,
    /// The rows of the whole range as one bucket, where the question wants them.
    pub whole: Option<Table>,
    /// The values that are told as one row.
    pub left_out: Option<LeftOut>,
}

impl Report {
    /// The rows of the whole range as one bucket, where the question wants them; those of its buckets where not.
    pub fn whole_range(&self) -> &Table {
        self.whole.as_ref().unwrap_or(&self.table)
    }

    /// The report of the whole range as one bucket; as it is where the question does not want that.
    pub fn of_whole_range(&self) -> Report {
        let mut report = self.clone();
        let range = &self.question.range;
        if let (Some(whole), Ok(range)) = (report.whole.take(), range.with(range.from, range.to, None)) {
            (report.table, report.question.range) = (whole, range);
        }
        report
    }

    /// How many buckets of the range have begun at the moment that answers.
    pub fn begun(&self) -> usize {
        let as_of = self.question.as_of;
        self.question
            .range
            .buckets
            .partition_point(|bucket| bucket.start < as_of)
    }
}

/// Answers a question with at most [`ANSWER_ROWS`] rows. Blocking.
///
/// # Errors
/// When the store or the metric fails, or the answer would be too long.
pub fn answer(store: &Store, metric: &'static Metric, question: &Question) -> Result<Report, AnswerError> {
    answer_within(store, metric, question, ANSWER_ROWS, false)
}

/// Answers a question and sets the asked comparison beside it. Blocking.
///
/// # Errors
/// As [`answer`], and when there is no such range to compare with.
pub fn answer_asked(store: &Store, metric: &'static Metric, asked: &Asked, rows: usize) -> Result<Report, AnswerError> {
    let mut report = answer_within(store, metric, &asked.question, rows, true)?;
    report.meta.warnings.extend(asked.warnings.iter().cloned());
    report.meta.warnings.extend(lag(asked));
    let Some(by) = asked.compare else { return Ok(report) };
    // The buckets are those of the answer: a metric may have cut the range itself.
    let earlier = report.question.range.earlier(by).map_err(AnswerError::Compare)?;
    let question = Question {
        range: earlier,
        ..report.question.clone()
    };
    let previous = answer_within(store, metric, &question, rows, false)?;
    Ok(compare::beside(report, &previous, by))
}

/// Answers a question; `look_up` also says which values of its filters no row ever had.
fn answer_within(
    store: &Store,
    metric: &'static Metric,
    question: &Question,
    rows: usize,
    look_up: bool,
) -> Result<Report, AnswerError> {
    let looked_up = known_values::lookup(question).filter(|_| look_up);
    let (mut outcome, whole, known) = store.at(question.as_of, |facts| {
        let facts = Facts::of(facts, question.whole);
        let outcome = facts.told(metric.answer(question, &facts, rows))?;
        let whole = match question.whole {
            false => None,
            true => facts.whole(metric, question, rows)?,
        };
        let known = looked_up
            .as_ref()
            .map(|(query, params)| facts.told(facts.read(query, params)));
        Ok::<_, AnswerError>((outcome, whole, known.transpose()?))
    })?;
    if let Some(known) = &known {
        outcome.warnings.extend(known_values::warnings(question, known)?);
    }
    if outcome.table.rows.len() > rows {
        return Err(AnswerError::TooManyRows(rows));
    }
    let version = store.version_at(question.as_of)?;
    let mut question = question.clone();
    if let Some(range) = outcome.range {
        question.range = range;
    }
    let (annotations, annotations_left_out) = annotations::of(store, metric, &question)?;
    let meta = Meta {
        complete_until: complete_until(&question),
        maturity: maturity::of(&question, outcome.windows),
        data_version: version.data_version,
        epoch: version.epoch,
        restated: store.restated(&question.range, question.as_of)?,
        warnings: outcome.warnings,
        rates: outcome.rates,
        annotations,
        annotations_left_out,
    };
    Ok(Report {
        metric,
        question,
        compare: None,
        meta,
        table: outcome.table,
        whole,
        left_out: outcome.left_out,
    })
}

/// What to say when a question about now is answered with what was known well before.
fn lag(asked: &Asked) -> Option<String> {
    let as_of = asked.question.as_of;
    let behind = !asked.as_of_given && asked.now - as_of > LAG;
    behind.then(|| match as_of == DateTime::UNIX_EPOCH {
        true => "no event is counted yet; ask again in a moment".to_owned(),
        false => format!("events received after {} are not counted yet", as_of.to_rfc3339()),
    })
}

/// The facts of one moment, as metrics read them.
struct Facts<'a> {
    snapshot: &'a Snapshot<'a>,
    /// Whether what has been read is kept: the rows of the whole range are made from the facts of its buckets.
    keeps: bool,
    /// What has been read, by query and parameters.
    read: RefCell<Vec<(&'static str, Params, DataFrame)>>,
    /// Why they could not be read.
    failed: RefCell<Option<StoreError>>,
}

impl<'a> Facts<'a> {
    fn of(snapshot: &'a Snapshot<'a>, keeps: bool) -> Self {
        Facts {
            snapshot,
            keeps,
            read: RefCell::default(),
            failed: RefCell::new(None),
        }
    }

    /// The rows of the whole range as one bucket; `None` where they are those of the only bucket.
    fn whole(&self, metric: &'static Metric, question: &Question, rows: usize) -> Result<Option<Table>, AnswerError> {
        let range = &question.range;
        if range.interval.is_none() {
            return Ok(None);
        }
        let range = range.with(range.from, range.to, None).map_err(AnswerError::Compare)?;
        let question = Question {
            range,
            ..question.clone()
        };
        Ok(Some(self.told(metric.answer(&question, self, rows))?.table))
    }

    /// What a metric says, with the store's reason where it could not read.
    fn told<T>(&self, outcome: Result<T, MetricError>) -> Result<T, AnswerError> {
        outcome.map_err(|error| match self.failed.take() {
            Some(failed) => AnswerError::Store(failed),
            None => AnswerError::Metric(error),
        })
    }
}

impl Source for Facts<'_> {
    fn read(&self, query: &Query, params: &Params) -> Result<DataFrame, MetricError> {
        let known = |read: &&(&str, Params, DataFrame)| read.0 == query.name && read.1 == *params;
        if let Some((.., frame)) = self.read.borrow().iter().find(known) {
            return Ok(frame.clone());
        }
        let frame = self.snapshot.frame(query, params).map_err(|error| {
            self.failed.replace(Some(error));
            MetricError::Unread
        })?;
        if self.keeps {
            self.read.borrow_mut().push((query.name, params.clone(), frame.clone()));
        }
        Ok(frame)
    }
}

/// The end of the last complete bucket.
fn complete_until(question: &Question) -> Option<DateTime<Utc>> {
    question
        .range
        .buckets
        .iter()
        .rev()
        .find(|bucket| question.complete(bucket))
        .map(|bucket| bucket.end)
}
