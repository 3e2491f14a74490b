//! Forecast: what follows if things go on as they went, how sure that is, and how far it was off before.

mod damped;
mod held_back;
mod horizon;
mod outlook;
mod series;
mod words;

use self::outlook::{Expected, Outlook, outlook};
use self::series::{Of, Series};
use super::converting::{Converter, RATES};
use super::grouping::{Group, dimension_params, range_params, uses};
use super::table::{Sheet, Spec, amount, number, text};
use super::{Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Parameter, Question};
use crate::model::{Bucket, Currency, Interval, Mode, Param, Params, TimeRange, Value};
use crate::model::{ColumnType::Amount, ColumnType::Number, ColumnType::Text, ColumnType::Timestamp};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "forecast",
    title: "Forecast",
    definition: Definition {
        version: 1,
        text: "of=bots forecasts the members of the population at the end of a bucket, of=payments the payments at \
               their first capture, of=gross the money captured, as bot-growth and payments count them. The origin is \
               `to`. Learnt from are the complete buckets that ended by the origin and by as_of, the latter where it \
               is earlier; from the first that is not 0; after the last whose money has no exchange rate. `from` is \
               182 days before `to` unless stated; without an interval buckets are days. The rows of the range carry \
               what was counted, with horizon_start null; then follows one row for each whole bucket that ends after \
               the origin, up to the horizon, with horizon_start its beginning: value is the point forecast, low and \
               high the ends of its 80 % and 95 % intervals. complete is true for buckets learnt from or before \
               them, never for a forecast. Model: exponential smoothing with a damped trend and additive errors \
               (Gardner and McKenzie 1985; Hyndman, Koehler, Ord and Snyder 2008, class 1), started from the line \
               through the first ten values at most; alpha (0.05 to 0.99), beta / alpha (0.01 to 0.9) and phi (0.80 \
               to 1) are those of a fixed grid with the least squared error one step ahead, of equals (to a \
               billionth) the first with the smallest phi, then alpha, then beta; intervals are normal, \
               with the squared errors divided by n - 5, and nothing is below 0. model_error is the mean absolute \
               error over rolling origins, each fitted anew on what came before it and at least 6 buckets, at as many \
               buckets ahead as the row is; baseline_error that of the last bucket's ratio again, next = last x last \
               / previous, over the same origins; one whose previous bucket is 0 has no ratio and counts for \
               neither. Both are null where nothing can be held back, \
               and an amount from 1e30 minor units on is null. Fewer than 6 buckets: null, with the reason in \
               the warnings. A model that does not beat the baseline says so there. An estimate: it knows no event \
               that has not begun to show.",
        numerator: "model_error and baseline_error: the sum of absolute errors over the origins",
        denominator: "model_error and baseline_error: the number of origins",
        excludes: &[
            "incomplete buckets: they are shown and never learnt from",
            "what happened at or after the origin, also where it is known by now",
            "amounts without an exchange rate",
            "events of the other mode, from payments and gross",
        ],
    },
    dimensions: &[Dimension("platform"), Dimension("country")],
    parameters: &[
        Parameter {
            name: "of",
            default: "bots",
            help: "bots, payments or gross",
            check: check_of,
        },
        Parameter {
            name: "horizon",
            default: "6w",
            help: "how far from `to`: a number of buckets, a duration such as 42d, 6w or 12h, or a date",
            check: horizon::check,
        },
    ],
    default_days: DEFAULT_DAYS,
    inputs: &[
        Input {
            name: "bots",
            query: query!("serve/forecast_bots"),
            params: bots_params,
        },
        Input {
            name: "payments",
            query: query!("serve/forecast_payments"),
            params: payments_params,
        },
        Input {
            name: "gross",
            query: query!("serve/forecast_gross"),
            params: gross_params,
        },
        Input {
            name: RATES.name,
            query: RATES.query,
            params: rates_params,
        },
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

const DIMENSIONS: &[&str] = &["platform", "country"];

fn check_of(word: &str) -> Result<(), &'static str> {
    Of::parse(word).map(|_| ()).ok_or("takes bots, payments or gross")
}

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

/// The parameters of a query on `of`, which finds nothing where something else is asked for.
fn params(question: &Question, of: Of) -> Params {
    let question = cut(question);
    let mut params = range_params(&question);
    params.push(("asked", Param::Bool(Of::asked(&question) == of)));
    params.extend(dimension_params(&question, DIMENSIONS, &question.group_by));
    params
}

fn bots_params(question: &Question) -> Params {
    let mut params = params(question, Of::Bots);
    params.retain(|(name, _)| *name != "mode");
    params
}

fn payments_params(question: &Question) -> Params {
    let mut params = params(question, Of::Payments);
    params.push(("use_country", Param::Bool(uses(question, "country"))));
    params
}

fn gross_params(question: &Question) -> Params {
    let mut params = params(question, Of::Gross);
    params.push(("use_country", Param::Bool(uses(question, "country"))));
    params
}

fn rates_params(question: &Question) -> Params {
    (RATES.params)(&with_money(question))
}

/// The question, without a currency to convert to where nothing is converted.
fn with_money(question: &Question) -> Question {
    let mut question = question.clone();
    if Of::asked(&question) != Of::Gross {
        question.currency = None;
    }
    question
}

fn columns(of: Of) -> Vec<Spec> {
    let (kind, unit) = match of {
        Of::Bots => (Number, Some("bots")),
        Of::Payments => (Number, Some("payments")),
        Of::Gross => (Amount, None),
    };
    let numbers = [
        "value",
        "low_80",
        "high_80",
        "low_95",
        "high_95",
        "model_error",
        "baseline_error",
    ];
    let mut columns = vec![("currency", Text, None), ("horizon_start", Timestamp, None)];
    columns.extend(numbers.map(|name| (name, kind, unit)));
    columns
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let of = Of::asked(question);
    let mut past = cut(question);
    // Nothing after the origin is known to a forecast.
    past.as_of = past.as_of.min(past.range.to);
    let mut converter = Converter::of(&with_money(question), frames)?;
    let series = series::read(&past, frames, &mut converter)?;
    let interval = past.range.interval.unwrap_or(Interval::Day);
    let (ahead, shortened) = horizon::buckets(&past.range, interval, question.parameter("horizon"));
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
    let mut sheet = Sheet::new(&past, &columns(of));
    for bucket in 0..past.range.buckets.len() {
        for (one, outlook) in series.iter().zip(&outlooks) {
            let cells = match bucket.checked_sub(behind) {
                None => counted(of, one, one.values[bucket]),
                Some(at) => expected(of, one, &past.range, &ahead[at], told_at(outlook, at)),
            };
            sheet.push(bucket, &one.group, cells);
        }
    }
    Ok(Outcome {
        table: sheet.finish(),
        warnings,
        rates: converter.uses(),
        range: Some(learnt),
        ..Outcome::default()
    })
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

/// The cells of a bucket behind the origin.
fn counted(of: Of, series: &Series, value: Option<i128>) -> [Value; 9] {
    let value = match of {
        Of::Gross => amount(value, series.currency.map(|currency| currency.exponent())),
        Of::Bots | Of::Payments => number(value.map(|value| value as f64)),
    };
    let mut cells = [const { Value::Null }; 9];
    cells[0] = text(series.currency.as_ref().map(Currency::code));
    cells[2] = value;
    cells
}

/// The cells of a bucket ahead.
fn expected(of: Of, series: &Series, range: &TimeRange, bucket: &Bucket, told: Option<&Expected>) -> [Value; 9] {
    let show = |value: Option<f64>| value.map_or(Value::Null, |value| estimate(of, series.currency, value));
    let bound = |at: usize| show(told.map(|told| told.bounds[at]));
    let errors = told.and_then(|told| told.errors);
    [
        text(series.currency.as_ref().map(Currency::code)),
        Value::Time(range.local(bucket.start)),
        show(told.map(|told| told.value)),
        bound(0),
        bound(1),
        bound(2),
        bound(3),
        show(errors.map(|errors| errors.model)),
        show(errors.map(|errors| errors.baseline)),
    ]
}

/// Minor units beyond which an estimate is no number worth writing.
const LARGEST: f64 = 1e30;

/// An estimate as the answer shows it: an amount with the currency's decimals, else with six at most.
fn estimate(of: Of, currency: Option<Currency>, value: f64) -> Value {
    match of {
        Of::Gross => {
            let minor = (value.abs() < LARGEST).then(|| value.round_ties_even() as i128);
            amount(minor, currency.map(|currency| currency.exponent()))
        }
        Of::Bots | Of::Payments => number(Some(rounded(value))),
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
        warnings.push("no forecast: the horizon does not lie after its origin, `to`".to_owned());
    }
    if question.mode == Mode::Test && Of::asked(question) == Of::Bots {
        warnings.push("bots have no mode: the population is the same in test and live mode".to_owned());
    }
    warnings
}
