//! Conversion: how many conversations reach a checkout and a payment, and how long that takes.

use chrono::{DateTime, TimeDelta, Utc};
use polars::prelude::{DataFrame, Expr, IntoLazy, QuantileMethod, col, lit};

use super::grouping::{Cells, Grid, Group, buckets, counts, dimension_params, groups, keys, range_params, uses};
use super::statistics::ratio;
use super::table::{Sheet, Spec, by_bucket, number, rate_cells, text};
use super::{Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Parameter, Question};
use crate::model::time::parse_duration;
use crate::model::{ColumnType::Integer, ColumnType::Number, ColumnType::Text, Param, Params, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "conversion",
    title: "Conversion",
    definition: Definition {
        version: 1,
        text: "The unit is the conversation; it enters once, with its first conversation.started ever. The funnel \
               is started, checkout (checkout.started), paid (the first live authorized or captured). The range \
               selects entries; a later step counts when it happens at or after the step before and no later than \
               `window` after the entry, also past the end of the range. entered = reached + dropped + open: open \
               are the conversations whose window is not over at as_of, whether they reached the step or not \
               (open_reached: those that have); reached and dropped count the others only. rate is from entry, \
               with a 95 % Wilson interval; median_seconds and p90_seconds run from entry, seconds_from_previous \
               is the median from the step before, all over closed conversations that reached the step. Platform, \
               bot, country (the conversation's, else the bot's) and acquisition split the whole funnel; path and \
               credential are those of the first checkout and split from the checkout step on, provider is that \
               of the first transaction and splits the paid step: before it all conversations are in the row \
               whose value is null, and the figures of the other rows are null. `bot` is the bot_id, so add \
               `platform` where two platforms share one.",
        numerator: "conversations that reached the step within the window",
        denominator: "conversations entered whose window is over",
        excludes: &[
            "conversations without a conversation.started",
            "conversations whose window is not over: they are counted as open",
            "events of the other mode",
        ],
    },
    dimensions: &[
        Dimension("platform"),
        Dimension("bot"),
        Dimension("country"),
        Dimension("acquisition"),
        Dimension("path"),
        Dimension("credential"),
        Dimension("provider"),
    ],
    parameters: &[Parameter {
        name: "window",
        default: "24h",
        help: "time from entry in which a step counts, from 1m to 90d",
        check: check_window,
    }],
    inputs: &[
        Input {
            name: "cells",
            query: query!("serve/conversion_cells"),
            params: cell_params,
        },
        Input {
            name: "counts",
            query: query!("serve/conversion_counts"),
            params: count_params,
        },
        Input {
            name: "durations",
            query: query!("serve/conversion_durations"),
            params,
        },
    ],
    compute,
};

const DIMENSIONS: &[&str] = &[
    "platform",
    "bot",
    "country",
    "acquisition",
    "path",
    "credential",
    "provider",
];

const STEPS: [&str; 3] = ["started", "checkout", "paid"];

const COLUMNS: &[Spec] = &[
    ("step_index", Integer, None),
    ("step", Text, None),
    ("entered", Integer, Some("conversations")),
    ("reached", Integer, Some("conversations")),
    ("dropped", Integer, Some("conversations")),
    ("open", Integer, Some("conversations")),
    ("open_reached", Integer, Some("conversations")),
    ("rate", Number, Some("ratio")),
    ("ci_low", Number, Some("ratio")),
    ("ci_high", Number, Some("ratio")),
    ("rate_from_previous", Number, Some("ratio")),
    ("median_seconds", Number, Some("seconds")),
    ("p90_seconds", Number, Some("seconds")),
    ("seconds_from_previous", Number, Some("seconds")),
];

const DAY_SECONDS: i64 = 86_400;

fn check_window(value: &str) -> Result<(), &'static str> {
    let seconds = parse_duration(value).map(|window| window.num_seconds());
    let fits = seconds.is_some_and(|seconds| (60..=90 * DAY_SECONDS).contains(&seconds));
    if fits {
        Ok(())
    } else {
        Err("takes a duration from 1m to 90d, such as 90m, 24h or 7d")
    }
}

fn params(question: &Question) -> Params {
    let window = parse_duration(question.parameter("window")).unwrap_or(chrono::TimeDelta::seconds(DAY_SECONDS));
    let mut params = range_params(question);
    params.extend([
        ("window", Param::Int(window.num_microseconds().unwrap_or(i64::MAX))),
        ("open_after", Param::Time(question.as_of - window)),
        ("use_country", Param::Bool(uses(question, "country"))),
    ]);
    params.extend(dimension_params(question, DIMENSIONS, &question.group_by));
    params
}

/// Dimensions that the cube has.
const CELL_DIMENSIONS: &[&str] = &["platform", "path"];
/// Microseconds of a cell of the cube.
const CELL: i64 = 900_000_000;

/// The instant up to which the cube answers; from there on conversations are counted one by one.
///
/// The cube knows whole quarter hours, the default window and two dimensions, and what is in it has to
/// be closed.
fn cube_until(question: &Question) -> DateTime<Utc> {
    let window = parse_duration(question.parameter("window"));
    let asked = question
        .group_by
        .iter()
        .copied()
        .chain(question.filters.iter().map(|filter| filter.dimension));
    let whole = |at: DateTime<Utc>| at.timestamp_micros().rem_euclid(CELL) == 0;
    let edges = question
        .range
        .buckets
        .iter()
        .flat_map(|bucket| [bucket.start, bucket.end]);
    let fits = window == Some(TimeDelta::hours(24))
        && asked.into_iter().all(|dimension| CELL_DIMENSIONS.contains(&dimension))
        && edges.into_iter().all(whole);
    let closed = (question.as_of - TimeDelta::hours(24)).timestamp_micros();
    match DateTime::from_timestamp_micros(closed - closed.rem_euclid(CELL)) {
        Some(closed) if fits => closed.clamp(question.range.from, question.range.to),
        _ => question.range.from,
    }
}

fn cell_params(question: &Question) -> Params {
    let mut params = range_params(question);
    params.extend(dimension_params(question, CELL_DIMENSIONS, &question.group_by));
    bounded(params, "to", cube_until(question))
}

fn count_params(question: &Question) -> Params {
    bounded(params(question), "from", cube_until(question))
}

/// The parameters with one of their instants moved.
fn bounded(mut params: Params, name: &str, at: DateTime<Utc>) -> Params {
    params
        .iter_mut()
        .filter(|(other, _)| *other == name)
        .for_each(|(_, value)| *value = Param::Time(at));
    params
}

/// The first step, from 0, at which a unit has a value of the dimension.
fn known_from(dimension: &str) -> usize {
    match dimension {
        "path" | "credential" => 1,
        "provider" => 2,
        _ => 0,
    }
}

/// One step of one bucket and group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Step {
    entered: i64,
    reached: i64,
    open: i64,
    open_reached: i64,
    median: Option<f64>,
    p90: Option<f64>,
    from_previous: Option<f64>,
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let cells = Cells::of(&question.range);
    let mut grid: Grid<[Step; 3]> = Grid::new(question.range.buckets.len());
    // Where the cube does not answer it has no rows, and not all the columns that are grouped by.
    if frames.get("cells")?.height() > 0 {
        count(question, frames.get("cells")?, &cells, &mut grid)?;
    }
    count(question, frames.get("counts")?, &cells, &mut grid)?;
    time(question, frames.get("durations")?, &cells, &mut grid)?;
    let rows = grid.finish(question.group_by.len());
    let mut sheet = Sheet::new(question, COLUMNS);
    for (bucket, group, steps) in by_bucket(&rows, question.range.buckets.len()) {
        for index in 0..STEPS.len() {
            sheet.push(bucket, group, figures(question, group, steps, index));
        }
    }
    Ok(Outcome {
        table: sheet.finish(),
        warnings: Vec::new(),
        ..Outcome::default()
    })
}

/// The group as it is known at a step: values that come later are not there yet.
fn known(question: &Question, group: &Group, step: usize) -> Group {
    let known = |(name, value): (&&str, &Option<String>)| value.clone().filter(|_| known_from(name) <= step);
    question.group_by.iter().zip(group).map(known).collect()
}

fn count(question: &Question, frame: &DataFrame, cells: &Cells, grid: &mut Grid<[Step; 3]>) -> Result<(), MetricError> {
    let (at, open) = (buckets(frame, cells)?, counts(frame, "open")?);
    let entered = counts(frame, "entered")?;
    let reached = [entered.clone(), counts(frame, "checkout")?, counts(frame, "paid")?];
    for (row, group) in groups(frame, &question.group_by)?.iter().enumerate() {
        for (index, reached) in reached.iter().enumerate() {
            let Some(steps) = grid.at(at[row], &known(question, group, index)) else {
                continue;
            };
            let step = &mut steps[index];
            step.entered += entered[row];
            if open[row] == 1 {
                step.open += entered[row];
                step.open_reached += reached[row];
            } else {
                step.reached += reached[row];
            }
        }
    }
    Ok(())
}

/// Medians and 90th percentiles of the two later steps.
fn time(question: &Question, frame: &DataFrame, cells: &Cells, grid: &mut Grid<[Step; 3]>) -> Result<(), MetricError> {
    let frame = cells.with_buckets(frame)?;
    let quantile = |after: Expr, q: f64| (after / lit(1e6)).quantile(lit(q), QuantileMethod::Linear);
    let steps = [
        (1, col("to_checkout"), col("to_checkout")),
        (2, col("to_paid"), col("to_paid") - col("to_checkout")),
    ];
    for (index, from_entry, from_previous) in steps {
        let names: Vec<&str> = question
            .group_by
            .iter()
            .copied()
            .filter(|name| known_from(name) <= index)
            .collect();
        let summary = frame
            .clone()
            .lazy()
            .filter(from_entry.clone().is_not_null())
            .group_by(keys(&names))
            .agg([
                quantile(from_entry.clone(), 0.5).alias("median"),
                quantile(from_entry, 0.9).alias("p90"),
                quantile(from_previous, 0.5).alias("from_previous"),
            ])
            .collect()?;
        let at = counts(&summary, "bucket")?;
        let floats =
            |name: &str| -> Result<Vec<Option<f64>>, MetricError> { Ok(summary.column(name)?.f64()?.iter().collect()) };
        let (median, p90, previous) = (floats("median")?, floats("p90")?, floats("from_previous")?);
        for (row, known) in groups(&summary, &names)?.into_iter().enumerate() {
            let mut values = known.into_iter();
            let value = |name: &&str| {
                if known_from(name) <= index {
                    values.next().flatten()
                } else {
                    None
                }
            };
            let group: Group = question.group_by.iter().map(value).collect();
            let bucket = usize::try_from(at[row]).unwrap_or(usize::MAX);
            let Some(steps) = grid.at(bucket, &group) else { continue };
            let step = &mut steps[index];
            (step.median, step.p90, step.from_previous) = (median[row], p90[row], previous[row]);
        }
    }
    Ok(())
}

fn figures(question: &Question, group: &Group, steps: &[Step; 3], index: usize) -> Vec<Value> {
    let mut cells = vec![Value::Int(index as i64 + 1), text(Some(STEPS[index]))];
    let early = |name: &str| known_from(name) > index;
    let split_later = question
        .group_by
        .iter()
        .zip(group)
        .any(|(name, value)| early(name) && value.is_some());
    if split_later || question.filters.iter().any(|filter| early(filter.dimension)) {
        cells.resize(COLUMNS.len(), Value::Null);
        return cells;
    }
    let step = steps[index];
    let closed = step.entered - step.open;
    // Where a dimension begins to split at this very step, the step before counted other units.
    let begins = |name: &str| index > 0 && known_from(name) == index;
    let comparable = index > 0
        && !question.group_by.iter().any(|name| begins(name))
        && !question.filters.iter().any(|filter| begins(filter.dimension));
    let from_previous = if comparable {
        ratio(step.reached, steps[index - 1].reached)
    } else {
        None
    };
    let at_entry = (index == 0 && step.reached > 0).then_some(0.0);
    cells.extend(
        [
            step.entered,
            step.reached,
            closed - step.reached,
            step.open,
            step.open_reached,
        ]
        .map(Value::Int),
    );
    cells.extend(rate_cells(step.reached, closed));
    cells.extend([
        number(from_previous),
        number(step.median.or(at_entry)),
        number(step.p90.or(at_entry)),
        number(step.from_previous),
    ]);
    cells
}
