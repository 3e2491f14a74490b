//! Gathers what the page shows, all of it as of one moment.

use std::sync::Arc;

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;

use super::asker::{Ask, Asker};
use super::choices::{Choices, days_around};
use super::drawing::draw;
use super::{Answers, Freshness, Options, PageModel, Period, Section, Told, figures, missing};
use crate::config::Config;
use crate::metrics::{self, MetricError, Question};
use crate::model::time::local_midnight;
use crate::model::{Annotation, TimeRange, Value};
use crate::serve::answer::question::Defaults;
use crate::serve::answer::report::{AnswerError, Report};
use crate::serve::charts::Colours;
use crate::serve::numbers;
use crate::serve::sources;
use crate::serve::views::{self, Pictured, Place, View};
use crate::store::{Deadline, Store, StoreError};

/// Days of the range where the address names none.
const DEFAULT_DAYS: u64 = 30;

/// Reads the address and asks everything that the page shows. Blocking.
///
/// A part that cannot be had, or takes too much of the time until the deadline, is missing, and the page says so.
///
/// # Errors
/// When no answer at all can be had. A wrong parameter is no error: the page says it.
pub fn gather(
    store: &Store,
    deadline: &Arc<Deadline>,
    config: &Config,
    pairs: &[(String, String)],
    defaults: &Defaults,
) -> Result<PageModel, AnswerError> {
    let (choices, problem) = Choices::read(pairs);
    let tz = choices.zone();
    // What the form offers is no reason to keep the answers waiting, and these leave time to draw them.
    let within = |quarters| store.within(Arc::new(deadline.part(quarters)));
    let form = within(1);
    let (platforms, data_range) = (form.platforms(), form.data_range());
    let mut lack = None;
    let mut note = |error: StoreError| lack = Some(lacking(&error.into()));
    let options = Options {
        platforms: platforms.map_err(&mut note).unwrap_or_default(),
        data_range: data_range.map_err(note).unwrap_or_default(),
        lacking: lack,
        currency: defaults
            .currency
            .map_or("original".into(), |currency| currency.code().to_owned()),
        today: defaults.now.with_timezone(&tz).date_naive(),
    };
    let mut model = PageModel {
        choices: with_range(choices, &options, tz),
        options,
        problem,
        freshness: None,
        answers: None,
        sources: None,
    };
    if model.problem.is_some() {
        return Ok(model);
    }
    match Asker::new(&within(3), &model.choices, defaults) {
        Ok(asker) => (model.freshness, model.answers) = ask(&asker, &model.options)?,
        Err(problem) => model.problem = Some(problem),
    }
    let store = store.within(deadline.clone());
    model.sources = Some(sources::gather(&store, config, defaults.now).map_err(|error| lacking(&error.into())));
    Ok(model)
}

/// Without a range: the last 30 complete days, or, where they are empty, the days that have data.
fn with_range(mut choices: Choices, options: &Options, tz: Tz) -> Choices {
    if !choices.from.is_empty() || !choices.to.is_empty() {
        return choices;
    }
    let today = options.today;
    let back = |days| today.checked_sub_days(Days::new(days)).unwrap_or(today);
    let mut days = (back(DEFAULT_DAYS), back(1));
    if let Some(span) = options.data_range {
        let empty = span.1 < local_midnight(days.0, tz) || span.0 >= local_midnight(today, tz);
        days = if empty { days_around(span, tz) } else { days };
    }
    choices.from = days.0.to_string();
    choices.to = days.1.to_string();
    choices
}

/// How fresh the answers are, and the answers; none where the period has no data.
fn ask(asker: &Asker, options: &Options) -> Result<(Option<Freshness>, Option<Answers>), AnswerError> {
    let Question { range, as_of, mode, .. } = &asker.shared;
    let has_data = match options.data_range {
        Some((first, last)) => first < range.to && last >= range.from,
        None => options.lacking.is_some(),
    };
    let mut answers = None;
    if has_data {
        let first = options.data_range.map(|(first, _)| first);
        let begins = known(asker.store.data_begins(&asker.platforms(), *mode)).and_then(|begins| begins.or(first));
        answers = Some(self::answers(asker, begins)?);
    }
    let version = known(asker.store.version_at(*as_of));
    let reports = answers.iter().flat_map(Answers::reports);
    let freshness = Freshness {
        complete_until: reports.filter_map(|report| report.meta.complete_until).max(),
        as_of: *as_of,
        data_version: version.map(|version| version.data_version),
    };
    Ok((Some(freshness), answers))
}

/// What the store says; `None` where it cannot say it.
fn known<T>(said: Result<T, StoreError>) -> Option<T> {
    said.inspect_err(|error| tracing::warn!(%error, "a part of the page is missing"))
        .ok()
}

/// Every answer of the page.
fn answers(asker: &Asker, begins: Option<DateTime<Utc>>) -> Result<Answers, AnswerError> {
    let (range, as_of) = (&asker.shared.range, asker.shared.as_of);
    let period = |range: &TimeRange| Period {
        from: range.from,
        to: range.to,
        complete: range.to <= as_of,
        covered: begins.is_some_and(|begins| begins <= range.from),
    };
    let earlier = asker.earlier()?;
    let (now, previous) = (period(range), period(&earlier));
    let places: Vec<_> = views::placed().collect();
    let asks = places.iter().map(|(view, place)| asker.ask(view, place));
    let mut asks = asks.collect::<Result<Vec<_>, _>>()?;
    asks.extend(figures::METRICS.map(|metric| Ask {
        metric,
        own: &[],
        range: earlier.clone(),
        whole: false,
    }));

    let mut reports = asker.all(&asks)?;
    let before = reports.split_off(places.len()).into_iter().map(told);
    let compares = now.complete && previous.covered;
    let mut colours = Colours::default();
    let sections = places.into_iter().zip(reports);
    let sections = sections.map(|(place, report)| section(asker, place, report, compares, &mut colours));
    let mut answers = Answers {
        period: now,
        previous,
        begins,
        tz: range.tz,
        interval: asker.interval,
        before: figures::METRICS.into_iter().zip(before).collect(),
        annotations: Vec::new(),
        annotations_left_out: 0,
        sections: sections.collect::<Result<_, _>>()?,
        colours,
    };
    (answers.annotations, answers.annotations_left_out) = marked(&answers);
    Ok(answers)
}

fn section(
    asker: &Asker,
    (view, place): (&'static View, &'static Place),
    report: Result<Report, AnswerError>,
    compares: bool,
    colours: &mut Colours,
) -> Result<Section, AnswerError> {
    let mut undrawn = false;
    let mut picture = |report: &Report| {
        let chart = missing::caught(|| draw(view, place, report, asker.choices, colours)).flatten();
        undrawn |= chart.is_none();
        chart
    };
    let (chart, trend) = match (&report, place.pictured) {
        (Err(_), _) => (None, None),
        (Ok(_), Pictured::Change) if !compares => (None, None),
        (Ok(report), Pictured::Buckets | Pictured::Change) => (picture(report), None),
        (Ok(report), pictured) => {
            let trend = pictured == Pictured::WholeAndTrend && report.question.range.buckets.len() > 1;
            let whole = picture(&report.of_whole_range());
            (whole, trend.then(|| picture(report)).flatten())
        }
    };
    Ok(Section {
        view,
        place,
        metric: metrics::find(view.metric).ok_or(AnswerError::Broken)?,
        answer: told(report),
        chart,
        undrawn,
        trend,
        query: asker.query(place),
    })
}

/// What is marked beside any of the answers, each once, and how many earlier ones no answer has room for.
fn marked(answers: &Answers) -> (Vec<Annotation>, u64) {
    let all = answers.reports().flat_map(|report| &report.meta.annotations);
    let mut marked: Vec<Annotation> = all.cloned().collect();
    marked.sort_by_cached_key(|annotation| (annotation.time, annotation.id()));
    marked.dedup();
    let left_out = answers.reports().map(|report| report.meta.annotations_left_out);
    (marked, left_out.max().unwrap_or(0))
}

/// An answer without the rows of what has not begun; a forecast tells of nothing else.
fn told(report: Result<Report, AnswerError>) -> Told {
    let mut report = report.map_err(|error| lacking(&error))?;
    let as_of = report.question.as_of;
    for table in std::iter::once(&mut report.table).chain(&mut report.whole) {
        let Some(start) = table.position("bucket_start") else {
            continue;
        };
        let ahead = table.position("horizon_start");
        let is_ahead = |row: &[Value]| ahead.is_some_and(|at| row[at] != Value::Null);
        let has_begun = |row: &[Value]| !matches!(row[start], Value::Time(at) if at >= as_of);
        table.rows.retain(|row| is_ahead(row) || has_begun(row));
    }
    Ok(report)
}

/// Why an answer cannot be had, for people.
fn lacking(error: &AnswerError) -> String {
    match error {
        AnswerError::TooManyRows(rows)
        | AnswerError::Metric(MetricError::TooManyRows(rows))
        | AnswerError::Store(StoreError::TooManyRows(rows)) => {
            let rows = i64::try_from(*rows).unwrap_or(i64::MAX);
            let rows = numbers::integer(rows);
            format!("it takes more than {rows} rows; ask for a shorter period or a longer interval")
        }
        AnswerError::TimedOut | AnswerError::Store(StoreError::Timeout) => {
            "it took longer than allowed; ask for a shorter period, or again when less is going on".to_owned()
        }
        AnswerError::Question(error) => error.to_string(),
        AnswerError::Busy => "too much is being asked at once; try again in a moment".to_owned(),
        error => {
            tracing::warn!(%error, "a part of the page is missing");
            missing::BROKEN.to_owned()
        }
    }
}
