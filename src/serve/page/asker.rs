//! Asks questions of one page: the same filters, the same zone, the same moment.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chrono::{DateTime, Utc};

use super::choices::{Choices, FieldProblem, instant, suitable_interval};
use super::{Period, links, missing};
use crate::metrics::{self, MOST_VALUES};
use crate::model::time::{RangeError, day_beginning};
use crate::model::{Interval, Mode, TimeRange};
use crate::serve::answer::question::{self, Defaults, QuestionError};
use crate::serve::answer::report::{self, AnswerError, Report};
use crate::serve::views;
use crate::store::{Store, StoreError};

/// Buckets that a chart on the page can show legibly; the API answers more.
const BUCKETS: usize = 1000;

/// Questions that one page has answered at the same time.
const LANES: usize = 4;

/// Parameters beside those that all questions share.
pub type Own<'a> = &'a [(&'a str, &'a str)];

/// Why there is no answer.
pub enum Failure {
    /// The address asks for something impossible.
    Question(FieldProblem),
    /// The answer cannot be had.
    Answer(AnswerError),
}

impl From<QuestionError> for Failure {
    fn from(error: QuestionError) -> Self {
        Failure::Question(FieldProblem {
            message: error.to_string(),
            field: Some(error.parameter),
        })
    }
}

impl From<AnswerError> for Failure {
    fn from(error: AnswerError) -> Self {
        Failure::Answer(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Answer(AnswerError::Store(error))
    }
}

/// One question.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    /// The metric's name.
    pub metric: &'a str,
    /// The period it asks about.
    pub period: Period,
    /// The length of a bucket; `None` takes the period as one.
    pub interval: Option<Interval>,
    /// Parameters beside the shared ones.
    pub own: Own<'a>,
}

/// Knows what all questions of a page share.
pub struct Asker<'a> {
    store: &'a Store,
    defaults: &'a Defaults,
    /// What the address says.
    pub choices: &'a Choices,
    /// The moment whose knowledge answers all of them.
    pub as_of: DateTime<Utc>,
    /// The asked period as one bucket.
    pub range: TimeRange,
    /// Live or test.
    pub mode: Mode,
    /// The length of a bucket in charts and tables.
    pub interval: Interval,
}

impl<'a> Asker<'a> {
    /// Reads what all questions share; each has its answer by the deadline of the store, or none.
    ///
    /// # Errors
    /// When a parameter is wrong, or cuts the period too finely for a page.
    pub fn new(store: &'a Store, choices: &'a Choices, defaults: &'a Defaults) -> Result<Self, Failure> {
        // Any metric reads the shared parameters alike.
        let metric = metrics::ALL.first().ok_or(AnswerError::Broken)?;
        let parse = |interval: &str| {
            let shared = choices.asked().into_iter().filter(|(name, _)| name != "interval");
            let pairs: Vec<_> = shared
                .chain([("interval".to_owned(), interval.to_owned())])
                .filter(|(_, value)| !value.is_empty())
                .collect();
            question::parse(metric, &pairs, defaults).map(|asked| asked.question)
        };
        if let Some(problem) = choices.reversed() {
            return Err(Failure::Question(problem));
        }
        let whole = parse("")?;
        let suitable = suitable_interval(whole.range.from, whole.range.to);
        let word = match choices.interval.as_str() {
            "" => suitable.as_str(),
            word => word,
        };
        let cut = parse(word)?.range;
        if cut.buckets.len() > BUCKETS {
            let count = cut.buckets.len();
            let message = format!(
                "`interval` cuts this period into {count} pieces, more than the {BUCKETS} of a page; take a longer one"
            );
            let field = Some("interval".into());
            return Err(Failure::Question(FieldProblem { field, message }));
        }
        Ok(Asker {
            store,
            defaults,
            choices,
            as_of: whole.as_of,
            range: whole.range,
            mode: whole.mode,
            interval: cut.interval.unwrap_or(suitable),
        })
    }

    /// The asked platforms; none where all are.
    pub fn platforms(&self) -> Vec<String> {
        let names = self.choices.platform.split(',').map(str::trim);
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// Answers questions, in their order, on a few threads: each reads a snapshot of its own, as of one moment.
    ///
    /// One that cannot be answered leaves the others their answers.
    ///
    /// # Errors
    /// When a metric does not take the filters, or no question at all can be answered.
    pub fn all(&self, asks: &[Ask]) -> Result<Vec<Result<Report, AnswerError>>, Failure> {
        let next = AtomicUsize::new(0);
        let lane = || -> Vec<(usize, Result<Report, Failure>)> {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(ask) = asks.get(index) else { return done };
                // A fault in one metric is no reason to tell nothing of the others.
                let report = match self.store.check() {
                    Err(error) => Err(error.into()),
                    Ok(()) => missing::caught(|| self.one(ask)).unwrap_or_else(|| Err(AnswerError::Broken.into())),
                };
                done.push((index, report));
            }
        };
        let lanes = thread::available_parallelism().map_or(1, usize::from).min(LANES);
        let mut done = thread::scope(|scope| {
            let others: Vec<_> = (1..lanes).map(|_| scope.spawn(lane)).collect();
            let mut done = lane();
            for other in others {
                done.extend(other.join().map_err(|_| AnswerError::Broken)?);
            }
            Ok::<_, AnswerError>(done)
        })?;
        done.sort_by_key(|(index, _)| *index);
        let told = done.into_iter().map(|(_, report)| match report {
            Err(Failure::Answer(error)) => Ok(Err(error)),
            Err(failure) => Err(failure),
            Ok(report) => Ok(Ok(report)),
        });
        let told: Vec<_> = told.collect::<Result<_, Failure>>()?;
        if told.iter().any(Result::is_ok) {
            return Ok(told);
        }
        let error = told.into_iter().find_map(Result::err);
        Err(Failure::Answer(error.unwrap_or(AnswerError::Broken)))
    }

    fn one(&self, ask: &Ask) -> Result<Report, Failure> {
        let metric = metrics::find(ask.metric).ok_or(AnswerError::Broken)?;
        let (from, to) = (self.range.from, self.range.to);
        let shared = Ask {
            period: Period { from, to, ..ask.period },
            ..*ask
        };
        let mut question = question::parse(metric, &self.pairs(&shared), self.defaults)?.question;
        if (ask.period.from, ask.period.to) != (from, to) {
            // What lies before may begin earlier than what can be asked for.
            let range = self.range.with(ask.period.from, ask.period.to, ask.interval);
            question.range = range.map_err(AnswerError::Compare)?;
        }
        question.most_values = Some(MOST_VALUES);
        question.whole = views::find(ask.metric).whole;
        Ok(report::answer(self.store, metric, &question)?)
    }

    /// The query string of a question, as the API takes it.
    pub fn query(&self, ask: &Ask) -> String {
        let pairs = self.pairs(ask);
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        links::query(&pairs)
    }

    /// A question as pairs, with nothing left to a default that could move.
    fn pairs(&self, ask: &Ask) -> Vec<(String, String)> {
        let (from, to) = (self.edge(ask.period.from), self.edge(ask.period.to));
        let as_of = instant(self.as_of);
        let shared = [
            ("from", from.as_str()),
            ("to", &to),
            ("interval", ask.interval.map_or("", Interval::as_str)),
            ("tz", self.range.tz.name()),
            ("platform", &self.choices.platform),
            ("currency", &self.choices.currency),
            ("mode", &self.choices.mode),
            ("as_of", &as_of),
        ];
        let pairs = shared.iter().chain(ask.own).filter(|(_, value)| !value.is_empty());
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    /// The beginning of a local day by its date, anything else as an exact instant.
    fn edge(&self, at: DateTime<Utc>) -> String {
        day_beginning(at, self.range.tz).map_or_else(|| instant(at), |date| date.to_string())
    }

    /// The period before, as a comparison takes it.
    ///
    /// # Errors
    /// When there is none.
    pub fn before(&self) -> Result<(DateTime<Utc>, DateTime<Utc>), Failure> {
        let start = self.range.start_before().filter(|start| *start < self.range.from);
        let start = start.ok_or(AnswerError::Compare(RangeError::OutOfBounds))?;
        Ok((start, self.range.from))
    }
}
