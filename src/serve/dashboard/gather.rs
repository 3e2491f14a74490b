//! Gathers what the page shows, all of it as of one moment.

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;

use super::asker::{Asker, Failure, Own};
use super::choices::{Choices, days_around};
use super::drawing::draw;
use super::{Answer, Answers, Colours, Freshness, Meaning, Options, PageModel, Period, Section, Topic, Totals};
use crate::metrics::Definition;
use crate::model::time::local_midnight;
use crate::serve::question::Defaults;
use crate::serve::report::{AnswerError, Report};
use crate::store::Store;

/// Days of the range where the address names none.
const DEFAULT_DAYS: u64 = 30;
const BY_PROVIDER: Own = &[("dimension", "provider")];
const BY_NETWORK: Own = &[("dimension", "network")];
/// The funnel by where the customer pays.
const BY_PATH: Own = &[("group_by", "path")];

/// The sections in the order of the page: topic, metric and the parameters of its own.
const SECTIONS: [(Topic, &str, Own); 6] = [
    (Topic::Population, "bot-growth", &[]),
    (Topic::Activity, "bot-activity", &[]),
    (Topic::Conversion, "conversion", &[]),
    (Topic::Providers, "provider-share", BY_PROVIDER),
    (Topic::Networks, "provider-share", BY_NETWORK),
    (Topic::Payments, "payments", &[]),
];

/// Reads the address and asks everything that the page shows. Blocking.
///
/// # Errors
/// When an answer cannot be had. A wrong parameter is no error: the page says it.
pub fn gather(store: &Store, pairs: &[(String, String)], defaults: &Defaults) -> Result<PageModel, AnswerError> {
    let (choices, problem) = Choices::read(pairs);
    let tz = choices.tz.parse().unwrap_or(Tz::UTC);
    let options = Options {
        platforms: store.platforms()?,
        data_range: store.data_range()?,
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
    };
    if model.problem.is_none() {
        match ask(store, &model, defaults) {
            Ok((freshness, answers)) => (model.freshness, model.answers) = (Some(freshness), answers),
            Err(Failure::Question(problem)) => model.problem = Some(problem),
            Err(Failure::Answer(error)) => return Err(error),
        }
    }
    Ok(model)
}

/// Without a range: the last 30 complete days, or, where they are empty, the days that have data.
fn with_range(mut choices: Choices, options: &Options, tz: Tz) -> Choices {
    if !choices.from.is_empty() || !choices.to.is_empty() {
        return choices;
    }
    let today = options.today;
    let mut days = (today.checked_sub_days(Days::new(DEFAULT_DAYS)).unwrap_or(today), today);
    if let Some(span) = options.data_range {
        let empty = span.1 < local_midnight(days.0, tz) || span.0 >= local_midnight(days.1, tz);
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
        data_version: store.version_at(asker.as_of)?.data_version,
    };
    let (from, to) = (asker.range.from, asker.range.to);
    match model.options.data_range {
        Some((first, last)) if first < to && last >= from => {
            let (answers, complete_until) = answers(&asker, first)?;
            freshness.complete_until = complete_until;
            Ok((freshness, Some(answers)))
        }
        _ => Ok((freshness, None)),
    }
}

/// Every answer of the page, and the end of its last complete bucket. The data begins at `first`.
fn answers(asker: &Asker, first: DateTime<Utc>) -> Result<(Answers, Option<DateTime<Utc>>), Failure> {
    let period = |(from, to)| Period {
        from,
        to,
        complete: to <= asker.as_of,
        covered: first <= from,
    };
    let now = period((asker.range.from, asker.range.to));
    let previous = period(asker.before());
    let mut colours = Colours::default();
    let (mut sections, mut complete_until) = (Vec::new(), None);
    let funnel = asker.report("conversion", &now, None, &[])?;
    for (topic, metric, own) in SECTIONS {
        let report = asker.report(metric, &now, Some(asker.interval), own)?;
        complete_until = complete_until.max(report.meta.complete_until);
        // The funnel is a picture of the whole period.
        let drawn = if topic == Topic::Conversion { &funnel } else { &report };
        let dimension = own
            .iter()
            .find(|(name, _)| *name == "dimension")
            .map(|(_, value)| *value);
        sections.push(Section {
            topic,
            metric,
            meaning: meaning(&report.metric.definition),
            chart: draw(drawn, asker.choices, dimension, &mut colours),
            query: asker.query(&now, own),
            answer: told(report),
        });
    }
    let answers = Answers {
        period: now,
        previous,
        tz: asker.range.tz,
        interval: asker.interval,
        current: totals(asker, &now, Some(funnel))?,
        before: totals(asker, &previous, None)?,
        networks: told(asker.report("provider-share", &now, None, BY_NETWORK)?),
        paths: told(asker.report("conversion", &now, None, BY_PATH)?),
        sections,
        colours,
    };
    Ok((answers, complete_until))
}

/// A period as one bucket; the funnel may be at hand already.
fn totals(asker: &Asker, period: &Period, funnel: Option<Report>) -> Result<Totals, Failure> {
    let whole = |metric, own| asker.report(metric, period, None, own).map(told);
    Ok(Totals {
        growth: whole("bot-growth", &[])?,
        activity: whole("bot-activity", &[])?,
        conversion: match funnel {
            Some(funnel) => told(funnel),
            None => whole("conversion", &[])?,
        },
        providers: whole("provider-share", BY_PROVIDER)?,
        payments: whole("payments", &[])?,
    })
}

fn meaning(definition: &Definition) -> Meaning {
    Meaning {
        text: definition.text,
        numerator: definition.numerator,
        denominator: definition.denominator,
        excludes: definition.excludes,
        version: definition.version,
    }
}

fn told(report: Report) -> Answer {
    Answer {
        table: report.table,
        warnings: report.meta.warnings,
    }
}
