//! Asks the questions of one page: the same filters, the same zone, the same moment.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use chrono::{DateTime, Utc};

use super::choices::{Choices, instant, suitable_interval};
use super::{links, missing};
use crate::metrics::{self, MOST_VALUES, Question};
use crate::model::time::day_beginning;
use crate::model::{Compare, Interval, TimeRange};
use crate::serve::answer::question::{self, Defaults, QuestionError};
use crate::serve::answer::report::{self, AnswerError, Report};
use crate::serve::views::{Place, View};
use crate::store::Store;

/// Buckets that a chart on the page can show legibly; the API answers more.
const BUCKETS: usize = 1000;

/// Questions that one page has answered at the same time.
const LANES: usize = 4;

/// One question.
pub struct Ask {
    /// The metric's name.
    pub metric: &'static str,
    /// Parameters of the metric's own.
    pub own: &'static [(&'static str, &'static str)],
    /// The range and its buckets.
    pub range: TimeRange,
    /// Whether the whole range is told of beside its buckets.
    pub whole: bool,
}

type Told = Result<Report, AnswerError>;

/// Knows what all questions of a page share.
pub struct Asker<'a> {
    /// Where it asks.
    pub store: &'a Store,
    /// What the address says.
    pub choices: &'a Choices,
    /// The asked period as one bucket, and everything else that the questions share.
    pub shared: Question,
    /// The length of a bucket in charts and tables.
    pub interval: Interval,
}

impl<'a> Asker<'a> {
    /// Reads what all questions share; each has its answer by the deadline of the store, or none.
    ///
    /// # Errors
    /// When a parameter is wrong, or cuts the period too finely for a page.
    pub fn new(store: &'a Store, choices: &'a Choices, defaults: &Defaults) -> Result<Self, QuestionError> {
        if let Some(problem) = choices.reversed() {
            return Err(problem);
        }
        // Any metric reads the shared parameters alike.
        let mut shared = question::parse(&metrics::ALL[0], &choices.asked(), defaults)?.question;
        let asked = &shared.range;
        let count = asked.buckets.len();
        if count > BUCKETS {
            let much = format!("cuts this period into {count} pieces, more than the {BUCKETS} of a page");
            return Err(QuestionError::invalid("interval", much + "; take a longer one"));
        }
        let interval = asked.interval.unwrap_or(suitable_interval(asked.from, asked.to));
        let whole = asked.with(asked.from, asked.to, None);
        shared.range = whole.map_err(|error| QuestionError::range(error, "to"))?;
        shared.most_values = Some(MOST_VALUES);
        Ok(Asker {
            store,
            choices,
            shared,
            interval,
        })
    }

    /// The asked platforms; none where all are.
    pub fn platforms(&self) -> Vec<String> {
        let filter = self.shared.filter("platform");
        filter.map_or(Vec::new(), |filter| filter.any_of.iter().flatten().cloned().collect())
    }

    /// What a place of the page asks.
    ///
    /// # Errors
    /// When the period cannot be cut into its buckets.
    pub fn ask(&self, view: &View, place: &Place) -> Result<Ask, AnswerError> {
        let range = &self.shared.range;
        let cut = range.with(range.from, range.to, (place.buckets)(range, self.interval));
        Ok(Ask {
            metric: view.metric,
            own: place.own,
            range: cut.map_err(AnswerError::Compare)?,
            whole: view.whole,
        })
    }

    /// The period before, as a comparison takes it. It may begin earlier than what can be asked for.
    ///
    /// # Errors
    /// When there is none.
    pub fn earlier(&self) -> Result<TimeRange, AnswerError> {
        let range = &self.shared.range;
        range.earlier(Compare::PreviousPeriod).map_err(AnswerError::Compare)
    }

    /// Answers questions, in their order, on a few threads: each reads a snapshot of its own, as of one moment.
    ///
    /// One that cannot be answered leaves the others their answers.
    ///
    /// # Errors
    /// When no question at all can be answered.
    pub fn all(&self, asks: &[Ask]) -> Result<Vec<Told>, AnswerError> {
        let next = AtomicUsize::new(0);
        let lane = || -> Vec<(usize, Told)> {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(ask) = asks.get(index) else { return done };
                // A fault in one metric is no reason to tell nothing of the others.
                let told = missing::caught(|| self.one(ask)).unwrap_or(Err(AnswerError::Broken));
                done.push((index, told));
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
        if done.iter().any(|(_, told)| told.is_ok()) {
            return Ok(done.into_iter().map(|(_, told)| told).collect());
        }
        let error = done.into_iter().find_map(|(_, told)| told.err());
        Err(error.unwrap_or(AnswerError::Broken))
    }

    fn one(&self, ask: &Ask) -> Told {
        self.store.check()?;
        let metric = metrics::find(ask.metric).ok_or(AnswerError::Broken)?;
        let question = Question {
            range: ask.range.clone(),
            whole: ask.whole,
            ..question::about(metric, &self.shared, ask.own)?
        };
        report::answer(self.store, metric, &question)
    }

    /// The query string of a place's question, as the API takes it, with nothing left to a default that could move.
    pub fn query(&self, place: &Place) -> String {
        let range = &self.shared.range;
        let interval = (place.buckets)(range, self.interval);
        let (from, to, as_of) = (self.edge(range.from), self.edge(range.to), instant(self.shared.as_of));
        let shared = [
            ("from", from.as_str()),
            ("to", &to),
            ("interval", interval.map_or("", Interval::as_str)),
            ("tz", range.tz.name()),
            ("platform", &self.choices.platform),
            ("currency", &self.choices.currency),
            ("mode", &self.choices.mode),
            ("as_of", &as_of),
        ];
        links::query(&[&shared, place.own].concat())
    }

    /// The beginning of a local day by its date, anything else as an exact instant.
    fn edge(&self, at: DateTime<Utc>) -> String {
        day_beginning(at, self.shared.range.tz).map_or_else(|| instant(at), |date| date.to_string())
    }
}
