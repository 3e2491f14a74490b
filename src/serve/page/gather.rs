//! Gathers what the page shows, all of it as of one moment.

use std::sync::Arc;

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;

use super::asker::{Ask, Asker, Failure, Own};
use super::choices::{Choices, days_around};
use super::drawing::draw;
use super::lives::cohort_interval;
use super::{
    Answer, Answers, Chart, Freshness, Meaning, Options, PageModel, Period, Section, Topic, Totals, format, missing,
};
use crate::config::Config;
use crate::metrics::{self, MetricError};
use crate::model::time::local_midnight;
use crate::model::{Annotation, Interval, Value};
use crate::serve::answer::question::Defaults;
use crate::serve::answer::report::{AnswerError, Report};
use crate::serve::charts::Colours;
use crate::serve::sources;
use crate::store::{Deadline, Store, StoreError};

/// Days of the range where the address names none.
const DEFAULT_DAYS: u64 = 30;
const BY_PROVIDER: Own = &[("dimension", "provider")];
const BY_NETWORK: Own = &[("dimension", "network")];
/// So many buckets ahead that even the default period holds some back to tell the error by.
const BOTS_AHEAD: Own = &[("of", "bots"), ("horizon", "7")];
const MONEY_AHEAD: Own = &[("of", "gross"), ("horizon", "7")];

/// The sections in the order of the page: topic, metric and the parameters of its own.
const SECTIONS: [(Topic, &str, Own); 15] = [
    (Topic::Paths, "path-effect", &[]),
    (Topic::Population, "bot-growth", &[]),
    (Topic::Milestones, "milestones", &[]),
    (Topic::Forecast, "forecast", BOTS_AHEAD),
    (Topic::Activity, "bot-activity", &[]),
    (Topic::Activation, "bot-activation", &[]),
    (Topic::Retention, "bot-retention", &[]),
    (Topic::Conversion, "conversion", &[]),
    (Topic::Payments, "payments", &[]),
    (Topic::Outlook, "forecast", MONEY_AHEAD),
    (Topic::Providers, "provider-share", BY_PROVIDER),
    (Topic::Networks, "provider-share", BY_NETWORK),
    (Topic::Change, "change", &[]),
    (Topic::Declines, "declines", &[]),
    (Topic::Joining, "coverage", &[]),
];

/// What is asked of a period as one bucket.
const WHOLE: [(&str, Own); 5] = [
    ("bot-growth", &[]),
    ("bot-activity", &[]),
    ("conversion", &[]),
    ("provider-share", BY_PROVIDER),
    ("payments", &[]),
];
/// Place of the funnel in [`WHOLE`].
const FUNNEL: usize = 2;

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
    let tz = choices.tz.parse().unwrap_or(Tz::UTC);
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
    if model.problem.is_none() {
        match ask(&within(3), &model, defaults) {
            Ok((freshness, answers)) => (model.freshness, model.answers) = (Some(freshness), answers),
            Err(Failure::Question(problem)) => model.problem = Some(problem),
            Err(Failure::Answer(error)) => return Err(error),
        }
        let store = store.within(deadline.clone());
        model.sources = Some(sources::gather(&store, config, defaults.now).map_err(|error| lacking(&error.into())));
    }
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

fn ask(store: &Store, model: &PageModel, defaults: &Defaults) -> Result<(Freshness, Option<Answers>), Failure> {
    let asker = Asker::new(store, &model.choices, defaults)?;
    let mut freshness = Freshness {
        complete_until: None,
        as_of: asker.as_of,
        data_version: known(store.version_at(asker.as_of)).map(|version| version.data_version),
    };
    let (from, to) = (asker.range.from, asker.range.to);
    let has_data = match model.options.data_range {
        Some((first, last)) => first < to && last >= from,
        None => model.options.lacking.is_some(),
    };
    if !has_data {
        return Ok((freshness, None));
    }
    let first = model.options.data_range.map(|(first, _)| first);
    let begins = known(store.data_begins(&asker.platforms(), asker.mode)).and_then(|begins| begins.or(first));
    let (answers, complete_until) = answers(&asker, begins)?;
    freshness.complete_until = complete_until;
    Ok((freshness, Some(answers)))
}

/// What the store says; `None` where it cannot say it.
fn known<T>(said: Result<T, StoreError>) -> Option<T> {
    said.inspect_err(|error| tracing::warn!(%error, "a part of the page is missing"))
        .ok()
}

/// Every answer of the page, and the end of its last complete bucket.
fn answers(asker: &Asker, begins: Option<DateTime<Utc>>) -> Result<(Answers, Option<DateTime<Utc>>), Failure> {
    let period = |(from, to)| Period {
        from,
        to,
        complete: to <= asker.as_of,
        covered: begins.is_some_and(|begins| begins <= from),
    };
    let now = period((asker.range.from, asker.range.to));
    let previous = period(asker.before()?);
    let ask = |metric, period, interval, own| Ask {
        metric,
        period,
        interval,
        own,
    };
    let cut = SECTIONS.map(|(topic, metric, own)| ask(metric, now, interval(asker, topic), own));
    let mut asks = cut.to_vec();
    for period in [now, previous] {
        asks.extend(WHOLE.map(|(metric, own)| ask(metric, period, None, own)));
    }
    asks.push(ask("provider-share", now, None, BY_NETWORK));
    asks.push(ask("coverage", now, None, &[]));

    let mut reports = asker.all(&asks)?.into_iter();
    let by_bucket: Vec<Told> = reports.by_ref().take(cut.len()).collect();
    let had = || by_bucket.iter().filter_map(|report| report.as_ref().ok());
    let complete_until = had().filter_map(|report| report.meta.complete_until).max();
    let mut next = || reports.next().ok_or(AnswerError::Broken);
    let current = [next()?, next()?, next()?, next()?, next()?];
    let before = [next()?, next()?, next()?, next()?, next()?];
    let (networks, coverage) = (told(next()?), next()?);
    let annotations = marked(had());
    let annotations_left_out = had().map(|report| report.meta.annotations_left_out).max().unwrap_or(0);
    let mut colours = Colours::default();
    let sections = SECTIONS.iter().zip(&cut).zip(by_bucket);
    let sections = sections.map(|(((topic, ..), ask), report)| {
        // The funnel and what is joined are pictures of the whole period.
        let drawn = match topic {
            Topic::Conversion => &current[FUNNEL],
            Topic::Joining => &coverage,
            _ => &report,
        };
        let mut undrawn = false;
        let mut picture = |report: &Told| {
            let report = report.as_ref().ok()?;
            let chart = missing::caught(|| draw(report, asker.choices, ask.own, &mut colours)).flatten();
            undrawn |= chart.is_none();
            chart
        };
        // A picture of a change against a period that is not comparable says nothing.
        let says = *topic != Topic::Change || now.complete && previous.covered;
        let chart = says.then(|| picture(drawn)).flatten();
        let buckets = report.as_ref().map_or(0, |report| report.question.range.buckets.len());
        let over_time = *topic == Topic::Conversion && buckets > 1;
        let trend = over_time.then(|| picture(&report)).flatten();
        let section = section(asker, *topic, ask, chart, report)?;
        Ok(Section {
            trend,
            undrawn,
            ..section
        })
    });
    let sections: Vec<Section> = sections.collect::<Result<_, AnswerError>>()?;
    let answers = Answers {
        period: now,
        previous,
        begins,
        tz: asker.range.tz,
        interval: asker.interval,
        current: totals(current),
        before: totals(before),
        networks,
        coverage: told(coverage),
        annotations,
        annotations_left_out,
        sections,
        colours,
    };
    Ok((answers, complete_until))
}

/// The buckets of a section: what compares the whole period with something has none, and cohorts are few.
fn interval(asker: &Asker, topic: Topic) -> Option<Interval> {
    match topic {
        Topic::Paths | Topic::Change | Topic::Milestones => None,
        Topic::Retention => Some(cohort_interval((asker.range.to - asker.range.from).num_days())),
        _ => Some(asker.interval),
    }
}

fn section(asker: &Asker, topic: Topic, ask: &Ask, chart: Option<Chart>, report: Told) -> Result<Section, AnswerError> {
    let metric = metrics::find(ask.metric).ok_or(AnswerError::Broken)?;
    let definition = &metric.definition;
    Ok(Section {
        topic,
        metric: metric.name,
        meaning: Meaning {
            text: definition.text,
            numerator: definition.numerator,
            denominator: definition.denominator,
            excludes: definition.excludes,
            version: definition.version(),
        },
        chart,
        trend: None,
        undrawn: false,
        interval: ask.interval,
        query: asker.query(ask),
        answer: told(report),
    })
}

/// What is marked beside any of the answers, each once.
fn marked<'a>(reports: impl Iterator<Item = &'a Report>) -> Vec<Annotation> {
    let all = reports.flat_map(|report| &report.meta.annotations);
    let mut marked: Vec<Annotation> = all.cloned().collect();
    marked.sort_by_cached_key(|annotation| (annotation.time, annotation.id()));
    marked.dedup();
    marked
}

/// The answers to [`WHOLE`], by name.
fn totals(reports: [Told; WHOLE.len()]) -> Totals {
    let [growth, activity, conversion, providers, payments] = reports.map(told);
    Totals {
        growth,
        activity,
        conversion,
        providers,
        payments,
    }
}

/// An answer without what has not begun; a forecast tells of nothing else.
fn told(report: Told) -> Answer {
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            return Answer {
                lacking: Some(lacking(&error)),
                ..Answer::default()
            };
        }
    };
    let (as_of, buckets) = (report.question.as_of, &report.question.range.buckets);
    let mut table = report.table;
    if let Some(start) = table.position("bucket_start") {
        let ahead = table.position("horizon_start");
        let is_ahead = |row: &[Value]| ahead.is_some_and(|at| row[at] != Value::Null);
        let has_begun = |row: &[Value]| !matches!(row[start], Value::Time(at) if at >= as_of);
        table.rows.retain(|row| is_ahead(row) || has_begun(row));
    }
    Answer {
        table,
        not_begun: buckets.iter().filter(|bucket| bucket.start >= as_of).count(),
        warnings: report.meta.warnings,
        rates: report.meta.rates,
        maturity: report.meta.maturity,
        buckets: report.question.range.buckets.len(),
        left_out: report.left_out,
        lacking: None,
    }
}

/// An answer of the page, or why it cannot be had.
type Told = Result<Report, AnswerError>;

/// Why an answer cannot be had, for people.
fn lacking(error: &AnswerError) -> String {
    match error {
        AnswerError::TooManyRows(rows)
        | AnswerError::Metric(MetricError::TooManyRows(rows))
        | AnswerError::Store(StoreError::TooManyRows(rows)) => {
            let rows = i64::try_from(*rows).unwrap_or(i64::MAX);
            let rows = format::integer(rows);
            format!("it takes more than {rows} rows; ask for a shorter period or a longer interval")
        }
        AnswerError::TimedOut | AnswerError::Store(StoreError::Timeout) => {
            "it took longer than allowed; ask for a shorter period, or again when less is going on".to_owned()
        }
        AnswerError::Busy => "too much is being asked at once; try again in a moment".to_owned(),
        error => {
            tracing::warn!(%error, "a part of the page is missing");
            missing::BROKEN.to_owned()
        }
    }
}
