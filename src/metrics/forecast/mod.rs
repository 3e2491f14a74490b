//! Forecast: what follows if things go on as they went, how sure that is, and how far it was off before.

mod damped;
mod held_back;
mod horizon;
mod outlook;
mod series;
mod words;

use std::sync::Arc;

use polars::prelude::{DataFrame, IntoColumn, NamedFrom};

use self::outlook::{Expected, Outlook, outlook};
use self::series::{Of, Series};
use super::column::{Column, Role};
use super::converting::Converter;
use super::grouping::Group;
use super::money::amounts;
use super::scope::Scope;
use super::{Answer, Definition, Metric, MetricError, Parameter, Question, Takes};
use crate::facts::fact::{self, Dimension};
use crate::model::{Bucket, Currency, Interval, Mode, TimeRange, Value};

/// The metric.
pub const METRIC: Metric = Metric {
    name: "forecast",
    title: "Forecast",
    definition: Definition {
        changes: &[],
        text: "of=bots forecasts the members of the population at the end of a bucket, of=payments the payments at \
               their first capture, of=gross the money captured, as bot-growth and payments count them. The origin is \
               `to`. The model is fitted to the complete buckets that ended by the origin, or by as_of if that is \
               earlier; beginning with the first that is not 0, and after the last whose money has no exchange rate. \
               `from` is 182 days before `to` unless stated; without an interval buckets are days. The rows of the \
               range carry what was counted, with horizon_start null; then follows one row for each whole bucket that \
               ends after the origin, up to the horizon, with horizon_start its beginning: value is the point \
               forecast, low and high the ends of its 80 % and 95 % intervals. complete is true for the buckets that \
               the model is fitted to and those before them, never for a forecast. Model: exponential smoothing with \
               a damped trend and additive errors (Gardner and McKenzie 1985; Hyndman, Koehler, Ord and Snyder 2008, \
               class 1), started from the line through the first ten values at most; alpha (0.05 to 0.99), beta / \
               alpha (0.01 to 0.9) and phi (0.80 to 1) are those of a fixed grid with the least squared error one \
               step ahead, of equals (to a billionth) the first with the smallest phi, then alpha, then beta; \
               intervals are normal, with the squared errors divided by n - 5, and nothing is below 0. model_error is \
               the mean absolute error over rolling origins, as many buckets ahead as the row is, with the model \
               fitted again to what came before each origin, which is at least 6 buckets; baseline_error is that of \
               repeating the last bucket's ratio, next = last x last / previous, over the same origins; an origin \
               whose previous bucket is 0 has no ratio and counts for neither. Both are null where there is no origin \
               to test, and an amount from 1e30 minor units on is null. Fewer than 6 buckets: null, with the reason \
               in the warnings. A model that does not beat the baseline says so there. A forecast is an estimate: it \
               does not know of changes that do not show in the data yet.",
        numerator: "model_error and baseline_error: the sum of absolute errors over the origins",
        denominator: "model_error and baseline_error: the number of origins",
        excludes: &[
            "incomplete buckets: they are shown, but the model is not fitted to them",
            "what happened at or after the origin, even if it is known by now",
            "amounts without an exchange rate",
            "events of the other mode, from payments and gross",
        ],
    },
    dimensions: &[
        Dimension("platform", fact::Of::Row),
        Dimension("country", fact::Of::RowElseBot),
    ],
    parameters: &[
        Parameter {
            name: "of",
            default: "bots",
            help: "bots, payments or gross",
            takes: Takes::OneOf(&["bots", "payments", "gross"]),
        },
        Parameter {
            name: "horizon",
            default: "6w",
            help: "how far from `to`: a number of buckets, a duration such as 42d, 6w or 12h, or a date",
            takes: Takes::Own(|text| Ok(Arc::new(horizon::Reach::parse(text)?))),
        },
    ],
    default_days: DEFAULT_DAYS,
    columns: &[
        Column::key("currency").means("Currency of the amounts."),
        Column::new("horizon_start", Role::Moment)
            .means("Beginning of the bucket that is forecast; null for those that were counted."),
        Column::new("value", Role::Number)
            .of_asked(unit_of)
            .means("What was counted, or is expected."),
        Column::new("low_80", Role::Low)
            .of_asked(unit_of)
            .means("Lower end of the 80 % interval."),
        Column::new("high_80", Role::High)
            .of_asked(unit_of)
            .means("Upper end of the 80 % interval."),
        Column::new("low_95", Role::Low)
            .of_asked(unit_of)
            .means("Lower end of the 95 % interval."),
        Column::new("high_95", Role::High)
            .of_asked(unit_of)
            .means("Upper end of the 95 % interval."),
        Column::new("model_error", Role::Number)
            .of_asked(unit_of)
            .means("Mean absolute error of earlier forecasts as many buckets ahead."),
        Column::new("baseline_error", Role::Number)
            .of_asked(unit_of)
            .means("The same of the baseline, which repeats the last bucket's ratio."),
    ],
    compute,
};

/// Whether an error is beyond the largest value that was counted: of a baseline that repeats a ratio again and again
/// the number is then so large, or so much chance, that it says nothing.
pub fn explodes(error: f64, largest: f64) -> bool {
    error > largest
}

/// Days of history where a question does not state its beginning: half a year.
const DEFAULT_DAYS: u64 = 182;

/// The question with the buckets that are learnt from: days where it has no interval.
fn cut(question: &Question) -> Question {
    let mut question = question.clone();
    let range = &question.range;
    if range.interval.is_none()
        && let Ok(days) = TimeRange::new(range.from, range.to, Some(Interval::Day), range.tz)
    {
        question.range = days;
    }
    question
}

/// The question, without a currency to convert to where nothing is converted.
fn with_money(question: &Question) -> Question {
    let mut question = question.clone();
    if Of::asked(&question) != Of::Gross {
        question.currency = None;
    }
    question
}

/// What is forecast; nothing where it is money.
fn unit_of(question: &Question) -> &'static str {
    match Of::asked(question) {
        Of::Bots => "bots",
        Of::Payments => "payments",
        Of::Gross => "",
    }
}

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let question = scope.question;
    let of = Of::asked(question);
    let mut past = cut(question);
    // Nothing after the origin is known to a forecast.
    past.as_of = past.as_of.min(past.range.to);
    let (money, of_past) = (with_money(question), scope.asking(&past));
    let mut converter = Converter::of(&scope.asking(&money))?;
    let series = series::read(&of_past, &mut converter)?;
    let interval = past.range.interval.unwrap_or(Interval::Day);
    let (ahead, shortened) = horizon::buckets(&past.range, interval, question.own("horizon").copied());
    let outlooks: Vec<Outlook> = series.iter().map(|one| outlook(&past, &one.values, &ahead)).collect();

    let mut warnings = general(question, &ahead, shortened);
    let told = series.iter().zip(&outlooks).map(|(one, outlook)| {
        let unit = unit(of, one.currency.as_ref());
        let sentences = words::of(outlook, &past.range, &ahead, (unit, largest(one)), |x| {
            estimate(of, one.currency, x)
        });
        (
            name(&one.group, one.currency.filter(|_| question.currency.is_none())),
            sentences,
        )
    });
    warnings.extend(words::sentences(by_size(&series, told.collect())));
    warnings.extend(converter.warning(0));
    let behind = past.range.buckets.len();
    let learnt = past.range.clone();
    past.range.buckets.extend(&ahead);
    let mut cells = Vec::new();
    for bucket in 0..past.range.buckets.len() {
        for (one, outlook) in series.iter().zip(&outlooks) {
            let numbers = match bucket.checked_sub(behind) {
                None => counted(of, one, one.values[bucket]),
                Some(at) => expected(of, one, told_at(outlook, at)),
            };
            cells.push((bucket, one, numbers));
        }
    }
    if cells.len() > scope.most {
        return Err(MetricError::TooManyRows(scope.most));
    }
    let frame = frame(&past, behind, &cells)?;
    Ok(Answer {
        warnings,
        rates: converter.uses(),
        range: Some(learnt),
        shown: Some(with_money(&past)),
        ..Answer::of(frame)
    })
}

/// The numbers of a row, under [`NUMBERS`].
type Numbers = [Value; NUMBERS.len()];

const NUMBERS: [&str; 7] = [
    "value",
    "low_80",
    "high_80",
    "low_95",
    "high_95",
    "model_error",
    "baseline_error",
];

/// The rows of an answer, from their bucket, their series and their numbers.
fn frame(question: &Question, behind: usize, rows: &[(usize, &Series, Numbers)]) -> Result<DataFrame, MetricError> {
    let begins = |bucket: usize| (bucket >= behind).then(|| question.range.buckets[bucket].start.timestamp_micros());
    let codes = rows
        .iter()
        .map(|(_, series, _)| series.currency.as_ref().map(Currency::code));
    let mut columns = vec![
        polars::prelude::Series::new("bucket".into(), rows.iter().map(|row| row.0 as i64).collect::<Vec<_>>())
            .into_column(),
        polars::prelude::Series::new("currency".into(), codes.collect::<Vec<_>>()).into_column(),
        polars::prelude::Series::new(
            "horizon_start".into(),
            rows.iter().map(|row| begins(row.0)).collect::<Vec<_>>(),
        )
        .into_column(),
    ];
    for (at, name) in question.group_by.iter().enumerate() {
        let values = rows.iter().map(|(_, series, _)| series.group[at].as_deref());
        columns.push(polars::prelude::Series::new((*name).into(), values.collect::<Vec<_>>()).into_column());
    }
    for (at, name) in NUMBERS.into_iter().enumerate() {
        let cells = rows.iter().map(|(.., numbers)| &numbers[at]);
        columns.push(match Of::asked(question) {
            Of::Gross => amounts(name, cells.map(minor)),
            Of::Bots | Of::Payments => {
                polars::prelude::Series::new(name.into(), cells.map(Value::as_f64).collect::<Vec<_>>()).into_column()
            }
        });
    }
    Ok(DataFrame::new(rows.len(), columns)?)
}

fn minor(value: &Value) -> Option<i128> {
    match value {
        Value::Amount { minor, .. } => Some(*minor),
        _ => None,
    }
}

/// What is said of each group, that of the largest first: of many groups the others are only counted.
fn by_size<T>(series: &[Series], told: Vec<T>) -> Vec<T> {
    let latest = |one: &Series| one.values.iter().rev().find_map(|value| *value);
    let mut told: Vec<_> = series.iter().map(latest).zip(told).collect();
    told.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    told.into_iter().map(|(_, told)| told).collect()
}

fn told_at(outlook: &Outlook, at: usize) -> Option<&Expected> {
    match outlook {
        Outlook::TooFew(_) => None,
        Outlook::Expected(expected) => expected.get(at),
    }
}

/// The largest value of a series.
fn largest(series: &Series) -> f64 {
    series.values.iter().flatten().max().map_or(0.0, |value| *value as f64)
}

/// What is counted, in a sentence.
fn unit(of: Of, currency: Option<&Currency>) -> &str {
    match of {
        Of::Bots => "bots",
        Of::Payments => "payments",
        Of::Gross => currency.map_or("", Currency::code),
    }
}

/// The numbers of a bucket behind the origin.
fn counted(of: Of, series: &Series, value: Option<i128>) -> Numbers {
    let mut numbers = [const { Value::Null }; NUMBERS.len()];
    numbers[0] = match (of, value) {
        (Of::Gross, value) => amount(value, series.currency),
        (_, Some(value)) => Value::Number(value as f64),
        (_, None) => Value::Null,
    };
    numbers
}

/// The numbers of a bucket ahead.
fn expected(of: Of, series: &Series, told: Option<&Expected>) -> Numbers {
    let show = |value: Option<f64>| value.map_or(Value::Null, |value| estimate(of, series.currency, value));
    let bound = |at: usize| show(told.map(|told| told.bounds[at]));
    let errors = told.and_then(|told| told.errors);
    [
        show(told.map(|told| told.value)),
        bound(0),
        bound(1),
        bound(2),
        bound(3),
        show(errors.map(|errors| errors.model)),
        show(errors.map(|errors| errors.baseline)),
    ]
}

fn amount(minor: Option<i128>, currency: Option<Currency>) -> Value {
    match (minor, currency) {
        (Some(minor), Some(currency)) => Value::Amount {
            minor,
            exponent: currency.exponent(),
        },
        _ => Value::Null,
    }
}

/// Minor units beyond which an estimate is not shown.
const LARGEST: f64 = 1e30;

/// An estimate as the answer shows it: an amount with the currency's decimals, else with six at most.
fn estimate(of: Of, currency: Option<Currency>, value: f64) -> Value {
    match of {
        Of::Gross => {
            let minor = (value.abs() < LARGEST).then(|| value.round_ties_even() as i128);
            amount(minor, currency)
        }
        Of::Bots | Of::Payments if value.is_finite() => Value::Number(rounded(value)),
        Of::Bots | Of::Payments => Value::Null,
    }
}

/// To six decimals, where a number has room for them: what a machine's arithmetic adds beyond is no information.
fn rounded(value: f64) -> f64 {
    if value.abs() < 1e9 {
        (value * 1e6).round() / 1e6
    } else {
        value
    }
}

fn name(group: &Group, currency: Option<Currency>) -> String {
    let values = group
        .iter()
        .map(|value| value.as_deref().unwrap_or("unknown").to_owned());
    let parts: Vec<String> = values
        .chain(currency.map(|currency| currency.code().to_owned()))
        .collect();
    parts.join(" · ")
}

/// What holds for all groups.
fn general(question: &Question, ahead: &[Bucket], shortened: bool) -> Vec<String> {
    let mut warnings = Vec::new();
    if question.range.interval.is_none() {
        warnings.push("no `interval` was asked for: buckets are days".to_owned());
    }
    if shortened {
        warnings.push(format!("the horizon is cut after {} buckets", ahead.len()));
    } else if ahead.is_empty() {
        warnings.push("no forecast: the horizon is not after its origin, `to`".to_owned());
    }
    if question.mode == Mode::Test && Of::asked(question) == Of::Bots {
        warnings.push("bots have no mode: the population is the same in test and live mode".to_owned());
    }
    warnings
}
