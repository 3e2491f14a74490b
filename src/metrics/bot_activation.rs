//! Bot activation: how many of the bots registered come to talk, to sell and to be paid, and how soon.

use chrono::TimeDelta;

use super::grouping::{Cells, Grid, buckets, counts, dimension_params, groups, ints, range_params};
use super::statistics::quantile;
use super::table::{Sheet, Spec, by_bucket, number, rate_cells};
use super::{
    Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Parameter, Question, REPORT_DAYS, Window,
};
use crate::model::time::parse_duration;
use crate::model::{ColumnType::Integer, ColumnType::Number, Param, Params, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "bot-activation",
    title: "Bot activation",
    definition: Definition {
        version: 2,
        text: "Of the bots registered in a bucket (registered_at: the earliest bot.registered, or without one the \
               first event that names the bot), those with a conversation started, a checkout started and a \
               payment captured no later than `window` after it. Each step counts by itself, with the first of its \
               kind at or after the registration; the steps need not come in this order, so a bot paid without a \
               checkout counts as paid. rate = with_payment / registered, with a 95 % Wilson interval. The medians \
               run from registration to the first of the kind, in days of 24 hours, over the bots that took the \
               step within the window, by linear interpolation. A bucket is mature when its end plus the window \
               has passed: until then rate, interval and medians are null, and the three counts are those so far. \
               A conversation's bot is that of its earliest event, a payment's bot that of its earliest fact that \
               names one. Groups and filters take a bot's latest attributes. Bots that retired within the window \
               stay in: they were registered.",
        numerator: "rate: bots with a captured payment within the window",
        denominator: "rate: bots registered in the bucket; null where there are none or the bucket is not mature",
        excludes: &[
            "what happened before the registration or after the window",
            "payments that belong to no bot",
            "steps of the other mode; bots have no mode, and of conversations those count as tests that lead to one",
        ],
    },
    dimensions: &[
        Dimension("platform"),
        Dimension("bot"),
        Dimension("category"),
        Dimension("country"),
        Dimension("developer"),
    ],
    parameters: &[Parameter {
        name: "window",
        default: "30d",
        help: "time from registration in which a step counts, from 1h to 365d",
        check: check_window,
    }],
    default_days: REPORT_DAYS,
    inputs: &[Input {
        name: "registered",
        query: query!("serve/activation_bots"),
        params,
    }],
    compute,
};

const DIMENSIONS: &[&str] = &["platform", "bot", "category", "country", "developer"];

const COLUMNS: &[Spec] = &[
    ("registered", Integer, Some("bots")),
    ("with_conversation", Integer, Some("bots")),
    ("with_checkout", Integer, Some("bots")),
    ("with_payment", Integer, Some("bots")),
    ("rate", Number, Some("ratio")),
    ("ci_low", Number, Some("ratio")),
    ("ci_high", Number, Some("ratio")),
    ("median_days_to_conversation", Number, Some("days")),
    ("median_days_to_checkout", Number, Some("days")),
    ("median_days_to_payment", Number, Some("days")),
];

/// The steps as the query names them.
const STEPS: [&str; 3] = ["to_conversation", "to_checkout", "to_payment"];

/// Microseconds of a day of 24 hours.
const DAY: f64 = 86_400e6;

fn check_window(value: &str) -> Result<(), &'static str> {
    let seconds = parse_duration(value).map(|window| window.num_seconds());
    let fits = seconds.is_some_and(|seconds| (3_600..=365 * 86_400).contains(&seconds));
    if fits {
        Ok(())
    } else {
        Err("takes a duration from 1h to 365d, such as 48h, 7d or 30d")
    }
}

fn window(question: &Question) -> TimeDelta {
    parse_duration(question.parameter("window")).unwrap_or(TimeDelta::days(30))
}

fn params(question: &Question) -> Params {
    let window = window(question);
    let mut params = range_params(question);
    params.extend([
        ("window", Param::Int(window.num_microseconds().unwrap_or(i64::MAX))),
        ("until", Param::Time(question.range.to + window)),
    ]);
    params.extend(dimension_params(question, DIMENSIONS, &question.group_by));
    params
}

/// The bots registered in one bucket, and of each step the days it took those that took it.
#[derive(Debug, Clone, Default)]
struct Cohort {
    registered: i64,
    days: [Vec<f64>; STEPS.len()],
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let frame = frames.get("registered")?;
    let at = buckets(frame, &Cells::of(&question.range))?;
    let bots = counts(frame, "bots")?;
    let mut taken = Vec::new();
    for step in STEPS {
        taken.push(ints(frame, step)?);
    }
    let mut grid: Grid<Cohort> = Grid::new(question.range.buckets.len());
    for (row, group) in groups(frame, &question.group_by)?.iter().enumerate() {
        let Some(cohort) = grid.at(at[row], group) else {
            continue;
        };
        cohort.registered += bots[row];
        for (days, taken) in cohort.days.iter_mut().zip(&taken) {
            let alike = usize::try_from(bots[row]).unwrap_or_default();
            days.extend(
                taken[row]
                    .into_iter()
                    .flat_map(|micros| std::iter::repeat_n(micros as f64 / DAY, alike)),
            );
        }
    }
    let mut rows = grid.finish(question.group_by.len());
    let all_days = rows
        .iter_mut()
        .flat_map(|(_, cohorts)| cohorts)
        .flat_map(|cohort| &mut cohort.days);
    all_days.for_each(|days| days.sort_by(f64::total_cmp));
    let mut sheet = Sheet::new(question, COLUMNS);
    for (bucket, group, cohort) in by_bucket(&rows, question.range.buckets.len()) {
        let mature = question.mature(&question.range.buckets[bucket], window(question));
        sheet.push(bucket, group, figures(cohort, mature));
    }
    Ok(Outcome {
        table: sheet.finish(),
        windows: Window::of(question.parameter("window"), COLUMNS, |(name, ..)| {
            *name != "registered"
        })
        .into_iter()
        .collect(),
        ..Outcome::default()
    })
}

fn figures(cohort: &Cohort, mature: bool) -> Vec<Value> {
    let with = cohort.days.each_ref().map(|days| days.len() as i64);
    let mut cells = vec![Value::Int(cohort.registered)];
    cells.extend(with.map(Value::Int));
    if !mature {
        cells.resize(COLUMNS.len(), Value::Null);
        return cells;
    }
    cells.extend(rate_cells(with[2], cohort.registered));
    cells.extend(cohort.days.iter().map(|days| number(quantile(days, 0.5))));
    cells
}
