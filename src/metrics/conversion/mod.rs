//! Conversion: how many conversations or users reach a checkout and a payment, or any other steps, and how
//! long that takes.

mod cube;
mod funnel;
mod steps;
mod walks;

use chrono::TimeDelta;

use self::funnel::{Funnel, Tallies};
use self::steps::Steps;
use super::grouping::{Grid, uses};
use super::table::{Sheet, Spec, by_bucket};
use super::{
    Definition, Dimension, Frames, Input, Metric, MetricError, Outcome, Parameter, Question, REPORT_DAYS, Window,
};
use crate::model::time::parse_duration;
use crate::model::{ColumnType::Integer, ColumnType::Number, ColumnType::Text, Param};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "conversion",
    title: "Conversion",
    definition: Definition {
        version: 3,
        text: "The unit is the conversation, which enters once, with its first event of the first step ever; or with \
               unit=user the user (platform, bot, user id), who enters in each bucket with the first such event in \
               it. `steps` lists the funnel's event types in order: started is conversation.started, catalog is \
               catalog.viewed, checkout is checkout.started, paid is a payment's first authorized or captured; a \
               type that stands twice wants two events, and is told as `product.viewed 2` the second time. The range selects entries; each later step is the earliest \
               match at or after the step before and no later than `window` after the entry, also past the end of \
               the range. An event of a payment belongs to the conversation and user that the payment belongs to, \
               whatever it names itself; an event without a user to the user of its conversation. entered = reached \
               + dropped + open: open are the units whose window is not over at as_of, whether they reached the \
               step or not (open_reached: those that have); reached and dropped count the others only. rate is from \
               entry, with a 95 % Wilson interval; median_seconds and p90_seconds run from entry, \
               seconds_from_previous is the median from the step before, all over closed units that reached the \
               step. Platform, bot, its category and developer, country (the conversation's, else the bot's) and \
               acquisition are those of the entry and split the whole funnel; path and credential are those of the \
               unit's first checkout since \
               and split from the checkout step on (without one from the first payment step on), provider is that of \
               its first transaction and splits from the first payment step on: before, all units are in the row \
               whose value is null, and the figures of the other rows are null; a filter that leaves values out \
               keeps all units there, with one for values the figures of all rows are null. rate_from_previous is \
               over those that reached the step before, with its n and interval; it is null, with an n of 0, at the \
               first step and where a dimension begins to split: the step before counts other units. A user's \
               checkout and \
               transaction name these only within the window. `bot` is the bot_id, so add `platform` where two \
               platforms share one. With mode=test, checkouts and payments are those marked as tests, and what \
               leads to them is taken from the conversations that have such.",
        numerator: "units that reached the step within the window",
        denominator: "units entered whose window is over",
        excludes: &[
            "conversations or users without an event of the first step",
            "units whose window is not over: they are counted as open",
            "with unit=user, events and payments of which no user is known",
            "events of the other mode",
        ],
    },
    dimensions: &[
        Dimension("platform"),
        Dimension("bot"),
        Dimension("category"),
        Dimension("country"),
        Dimension("developer"),
        Dimension("acquisition"),
        Dimension("path"),
        Dimension("credential"),
        Dimension("provider"),
    ],
    parameters: &[
        Parameter {
            name: "steps",
            default: steps::DEFAULT,
            help: "the funnel: 1 to 16 event types in order, or started, catalog, checkout and paid for short",
            check: |list| Steps::parse(list).map(drop),
        },
        Parameter {
            name: "window",
            default: "24h",
            help: "time from entry in which a step counts, from 1m to 90d",
            check: check_window,
        },
        Parameter {
            name: "unit",
            default: "conversation",
            help: "who walks the funnel: conversation or user",
            check: check_unit,
        },
    ],
    default_days: REPORT_DAYS,
    inputs: &[
        Input {
            name: "cells",
            query: query!("serve/conversion_cells"),
            params: cube::cell_params,
        },
        Input {
            name: "counts",
            query: query!("serve/conversion_counts"),
            params: cube::count_params,
        },
        Input {
            name: "durations",
            query: query!("serve/conversion_durations"),
            params: cube::duration_params,
        },
        Input {
            name: "walks",
            query: query!("serve/conversion_walks"),
            params: walks::params,
        },
    ],
    compute,
};

const DIMENSIONS: &[&str] = &[
    "platform",
    "bot",
    "category",
    "country",
    "developer",
    "acquisition",
    "path",
    "credential",
    "provider",
];

const UNITS: Option<&str> = Some("conversations");

const COLUMNS: [Spec; 17] = [
    ("step_index", Integer, None),
    ("step", Text, None),
    ("entered", Integer, UNITS),
    ("reached", Integer, UNITS),
    ("dropped", Integer, UNITS),
    ("open", Integer, UNITS),
    ("open_reached", Integer, UNITS),
    ("rate", Number, Some("ratio")),
    ("ci_low", Number, Some("ratio")),
    ("ci_high", Number, Some("ratio")),
    ("rate_from_previous", Number, Some("ratio")),
    ("rate_from_previous_n", Integer, UNITS),
    ("rate_from_previous_ci_low", Number, Some("ratio")),
    ("rate_from_previous_ci_high", Number, Some("ratio")),
    ("median_seconds", Number, Some("seconds")),
    ("p90_seconds", Number, Some("seconds")),
    ("seconds_from_previous", Number, Some("seconds")),
];

/// The columns that are known as soon as a bucket is over: its entries do not change any more.
const AT_ENTRY: [&str; 3] = ["step_index", "step", "entered"];

const DAY_SECONDS: i64 = 86_400;

pub(super) fn check_window(value: &str) -> Result<(), &'static str> {
    let seconds = parse_duration(value).map(|window| window.num_seconds());
    let fits = seconds.is_some_and(|seconds| (60..=90 * DAY_SECONDS).contains(&seconds));
    if fits {
        Ok(())
    } else {
        Err("takes a duration from 1m to 90d, such as 90m, 24h or 7d")
    }
}

fn check_unit(value: &str) -> Result<(), &'static str> {
    match value {
        "conversation" | "user" => Ok(()),
        _ => Err("takes conversation or user"),
    }
}

/// The time from entry in which a step counts.
fn window(question: &Question) -> TimeDelta {
    parse_duration(question.parameter("window")).unwrap_or(TimeDelta::seconds(DAY_SECONDS))
}

fn micros(window: TimeDelta) -> Param {
    Param::Int(window.num_microseconds().unwrap_or(i64::MAX))
}

fn of_users(question: &Question) -> bool {
    question.parameter("unit") == "user"
}

/// Whether the funnel is the one that facts and the cube are made for.
fn is_fast(question: &Question) -> bool {
    !of_users(question) && Steps::of(question).is_default()
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let funnel = Funnel::of(question);
    let buckets = question.range.buckets.len();
    let mut tallies: Tallies = Grid::new(buckets);
    if is_fast(question) {
        cube::tally(&funnel, frames, &mut tallies)?;
    } else {
        walks::tally(&funnel, frames.get("walks")?, &mut tallies)?;
    }
    let rows = tallies.finish(question.group_by.len());
    let unit = |(name, kind, unit): Spec| match unit {
        UNITS if of_users(question) => (name, kind, Some("users")),
        unit => (name, kind, unit),
    };
    let columns = COLUMNS.map(unit);
    let mut sheet = Sheet::new(question, &columns);
    for (bucket, group, tallies) in by_bucket(&rows, buckets) {
        for index in 0..funnel.steps.0.len() {
            sheet.push(bucket, group, funnel.figures(group, tallies, index, columns.len()));
        }
    }
    Ok(Outcome {
        table: sheet.finish(),
        warnings: unknown(question, &funnel.steps),
        windows: Window::of(question.parameter("window"), &COLUMNS, |(name, ..)| {
            !AT_ENTRY.contains(name)
        })
        .into_iter()
        .collect(),
        ..Outcome::default()
    })
}

/// What no step of the funnel can tell, though the question asks for it.
fn unknown(question: &Question, steps: &Steps) -> Vec<String> {
    let asked = DIMENSIONS.iter().filter(|name| uses(question, name));
    asked
        .filter(|name| steps.known_from(name).is_none())
        .map(|name| {
            format!("no step of this funnel has a {name}: it splits nothing, a filter for one leaves nothing, and != leaves all")
        })
        .collect()
}
