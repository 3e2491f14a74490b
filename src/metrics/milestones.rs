//! Milestones: the first moment at which the population of bots reached a number.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use polars::prelude::{
    DataFrame, DataType, Expr, IdxCa, IntoColumn, LazyFrame, NamedFrom, Series, TimeUnit, col, concat, lit,
};

use super::column::{Column, Role};
use super::scope::{Scope, whole};
use super::{Answer, Definition, Metric, MetricError, Parameter, Question, REPORT_DAYS, Takes};
use crate::facts::fact::{Dimension, Of, SPANS};
use crate::model::{Bucket, Mode, TimeRange};

/// The metric.
pub const METRIC: Metric = Metric {
    name: "milestones",
    title: "Milestones",
    definition: Definition {
        changes: &[],
        text: "The first moment at which the population of bots reached `population`: that of the registration or \
               reinstatement that brought it there, with membership as in bot-growth. What happens at one moment \
               counts together, so a bot that leaves makes room for one that enters. All history before `to` is \
               looked at, also before `from`; a population that has fallen since keeps its milestone, and late \
               events may move one. `at` lists the numbers; `reached`, the default, means every 1, 3 and 10 \
               times a power of ten that the population reached, and the next one. One row per number and group, \
               whatever `interval` says: the bucket is the whole range, and reached_at is null where the number \
               was not reached before `to`. peak is the most bots that the population ever had before `to`. Each group \
               has a population of its own; groups and filters take a bot's latest attributes.",
        numerator: "none: a moment is found, nothing is divided",
        denominator: "none",
        excludes: &[
            "bot.updated and bot.suspended: they change no membership",
            "what happened at or after `to`",
        ],
    },
    dimensions: &[
        Dimension("platform", Of::Bot),
        Dimension("category", Of::Bot),
        Dimension("country", Of::Bot),
        Dimension("developer", Of::Bot),
    ],
    parameters: &[Parameter {
        name: "at",
        default: REACHED,
        help: "comma list of up to 100 whole numbers from 1 to 1000000000, or `reached`: every 1, 3 and 10 times a \
               power of ten up to the next",
        takes: Takes::Own(|text| Ok(Arc::new(marks(text)?))),
    }],
    default_days: REPORT_DAYS,
    columns: &[
        Column::new("reached_at", Role::Moment)
            .means("When the population first reached the number; null where it has not."),
        Column::new("population", Role::Position)
            .of("bots")
            .means("The number."),
        Column::new("peak", Role::Position)
            .of("bots")
            .means("The most bots that the population ever had before the end of the range."),
    ],
    compute,
};

/// The word for the numbers that were reached, and the next.
const REACHED: &str = "reached";
/// Numbers of one question.
const MOST: usize = 100;
/// The largest population that can be asked for.
const HIGHEST: i64 = 1_000_000_000;

/// The asked numbers in order; `None` where one is none.
fn listed(text: &str) -> Option<Vec<i64>> {
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = part.parse().ok().filter(|_| digits)?;
        (1..=HIGHEST).contains(&number).then_some(number)
    };
    let mut marks = text
        .split(',')
        .map(|part| number(part.trim()))
        .collect::<Option<Vec<i64>>>()?;
    marks.sort_unstable();
    marks.dedup();
    (marks.len() <= MOST).then_some(marks)
}

/// The asked numbers; `None` for those that are reached.
fn marks(text: &str) -> Result<Option<Vec<i64>>, &'static str> {
    match text {
        REACHED => Ok(None),
        text => listed(text).map(Some).ok_or(REFUSED),
    }
}

const REFUSED: &str = "takes up to 100 whole numbers from 1 to 1000000000, such as 1000,10000,30000, or `reached`";

/// 1, 3, 10, 30 and so on.
fn series() -> Vec<i64> {
    let tens = std::iter::successors(Some(1i64), |ten| ten.checked_mul(10));
    tens.take_while(|ten| *ten <= HIGHEST)
        .flat_map(|ten| [ten, 3 * ten])
        .filter(|mark| *mark <= HIGHEST)
        .collect()
}

/// What happened at each moment before the range's end, in the order of time, and the `population` from then on.
fn levels(scope: &Scope) -> Result<LazyFrame, MetricError> {
    let end = scope.question.range.to.timestamp_micros();
    let spans = scope.facts_since(DateTime::<Utc>::UNIX_EPOCH - BEFORE, &SPANS, &["kind", "until"])?;
    let members = spans.filter(col("kind").eq(lit("member")));
    let by: Vec<Expr> = scope.names(&[]).into_iter().chain(["time"]).map(col).collect();
    let step = |by: i64| whole(by).alias("step");
    let entered = members.clone().with_column(step(1));
    let left = members
        .filter(col("until").lt(lit(end)))
        .with_columns([col("until").alias("time"), step(-1)]);
    let turns = concat([entered, left], Default::default())?
        .group_by(by)
        .agg([col("step").sum()]);
    let turns = turns.sort(["time"], Default::default());
    let population = scope.by_group(col("step").cum_sum(false))?;
    Ok(turns.with_column(population.alias("population")))
}

/// Unlike a count, a moment that was not found is null and not 0.
const MOMENT: DataType = DataType::Datetime(TimeUnit::Microseconds, None);

/// No moment lies longer before 1970.
const BEFORE: chrono::TimeDelta = chrono::TimeDelta::days(70 * 366);

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let asked: Option<Vec<i64>> = scope.question.own("at").cloned().flatten();
    let marks = asked.clone().unwrap_or_else(series);
    let reached = |mark: &i64| {
        col("time")
            .filter(col("population").gt_eq(lit(*mark)))
            .min()
            .cast(MOMENT)
            .alias(mark.to_string())
    };
    let peak = col("population").max().alias("peak");
    let bucket = whole(0).alias("bucket");
    let figures = levels(scope)?
        .with_column(bucket)
        .group_by(scope.keys(&[]))
        .agg(marks.iter().map(reached).chain([peak]).collect::<Vec<_>>());
    let whole = Question {
        range: one_bucket(&scope.question.range),
        ..scope.question.clone()
    };
    let groups = scope.asking(&whole).complete(vec![figures], &[])?;
    let shown = asked.unwrap_or(up_to(groups.column("peak")?.i64()?.iter().flatten().max()));
    let rows = by_mark(groups, &shown)?;
    let warnings = match scope.question.mode {
        Mode::Live => Vec::new(),
        Mode::Test => vec!["bots have no mode: the population is the same in test and live mode".into()],
    };
    Ok(Answer {
        warnings,
        shown: Some(whole),
        ..Answer::of(rows)
    })
}

/// A row for each group and number, with the moment at which it was reached.
fn by_mark(groups: DataFrame, marks: &[i64]) -> Result<DataFrame, MetricError> {
    let height = groups.height();
    let places: Vec<u32> = (0..height as u32)
        .flat_map(|group| marks.iter().map(move |_| group))
        .collect();
    let population: Vec<i64> = (0..height).flat_map(|_| marks.iter().copied()).collect();
    let mut moments = Vec::with_capacity(population.len());
    for group in 0..height {
        for mark in marks {
            moments.push(groups.column(&mark.to_string())?.datetime()?.physical().get(group));
        }
    }
    let mut rows = groups.take(&IdxCa::from_vec("".into(), places))?;
    rows.with_column(Series::new("population".into(), population).into_column())?;
    rows.with_column(Series::new("reached_at".into(), moments).into_column())?;
    Ok(rows)
}

/// The numbers of the series up to the one after the highest that was reached.
fn up_to(highest: Option<i64>) -> Vec<i64> {
    let series = series();
    let reached = series.iter().filter(|mark| Some(**mark) <= highest).count();
    series.into_iter().take(reached + 1).collect()
}

fn one_bucket(range: &TimeRange) -> TimeRange {
    TimeRange {
        interval: None,
        buckets: vec![Bucket {
            start: range.from,
            end: range.to,
            whole: true,
        }],
        ..range.clone()
    }
}
