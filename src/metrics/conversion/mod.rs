//! Conversion: how many conversations or users reach a checkout and a payment, or any other steps, and how
//! long that takes.

mod funnel;
mod rollup;
mod steps;
mod walks;

use std::sync::Arc;

use chrono::TimeDelta;
use polars::prelude::{DataFrame, IntoColumn, NamedFrom, Series};

use self::funnel::{COUNTS, Counters, Funnel, SECONDS, StepCounters};
use self::steps::Steps;
use super::column::{After, Column, Role};
use super::grouping::{Accumulators, Group, by_bucket};
use super::scope::Scope;
use super::{Answer, Definition, Metric, MetricError, Parameter, Question, REPORT_DAYS, Takes};
use crate::facts::fact::CONVERSATIONS;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "conversion",
    title: "Conversion",
    definition: Definition {
        changes: &[
            "Any list of steps, and users as units.",
            "`!=` on `path`, `credential` or `provider` keeps all units at the steps before the dimension is \
             known.",
        ],
        text: "The unit is the conversation, which enters once, with its first event of the first step ever; or with \
               unit=user the user (platform, bot, user id), who enters in each bucket with the first such event in \
               it. `steps` lists the funnel's event types in order: started is conversation.started, catalog is \
               catalog.viewed, checkout is checkout.started, paid is a payment's first authorized or captured; a type \
               that is listed twice requires two events, and the second is named `product.viewed 2`. The range \
               selects entries; each later step is the earliest match at or after the step before and no later than \
               `window` after the entry, also past the end of the range. An event of a payment counts for the \
               conversation and user of the payment, even if the event names others; an event without a user counts \
               for the user of its conversation. entered = reached + dropped + open: open are the units whose window \
               is not over at as_of, whether they reached the step or not (open_reached: those that have); reached \
               and dropped count the others only. rate is from entry, with a 95 % Wilson interval; median_seconds and \
               p90_seconds run from entry, seconds_from_previous is the median from the step before, all over closed \
               units that reached the step. Platform, bot, its category and developer, country (the conversation's, \
               else the bot's) and acquisition are those of the entry and split the whole funnel; path and credential \
               are those of the unit's first checkout since and split from the checkout step on (without one from the \
               first payment step on), provider is that of its first transaction and splits from the first payment \
               step on: before, all units are in the row whose value is null, and the figures of the other rows are \
               null. Up to that step a filter with != keeps all units, and with a filter for values the figures of \
               all rows are null. rate_from_previous is over those that reached the step before, with its n and \
               interval; it is null, with an n of 0, at the first step and where a dimension begins to split: the \
               step before counts other units. A user's checkout and transaction name these only within the window. \
               `bot` is the bot_id, so add `platform` where two platforms share one. With mode=test, checkouts and \
               payments are those marked as tests, and the steps before them are those of the conversations that have \
               such.",
        numerator: "units that reached the step within the window",
        denominator: "units entered whose window is over",
        excludes: &[
            "conversations or users without an event of the first step",
            "units whose window is not over: they are counted as open",
            "with unit=user, events and payments without a known user",
            "events of the other mode",
        ],
    },
    dimensions: CONVERSATIONS.dimensions,
    parameters: &[
        Parameter {
            name: "steps",
            default: steps::DEFAULT,
            help: "the funnel: 1 to 16 event types in order, or started, catalog, checkout and paid for short",
            takes: Takes::Own(|list| Ok(Arc::new(Steps::parse(list)?))),
        },
        Parameter {
            name: "window",
            default: "24h",
            help: "time from entry in which a step counts, from 1m to 90d",
            takes: CHECKOUT_WINDOW,
        },
        Parameter {
            name: "unit",
            default: "conversation",
            help: "who walks the funnel: conversation or user",
            takes: Takes::OneOf(&["conversation", "user"]),
        },
    ],
    default_days: REPORT_DAYS,
    columns: &[
        Column::new("step_index", Role::Position).means("Place of the step in the funnel, from 1."),
        Column::key("step").means("Name of the step."),
        Column::count("entered", "")
            .of_asked(units)
            .means("Units that entered the funnel in the bucket."),
        Column::count("reached", "")
            .of_asked(units)
            .settling(WINDOW)
            .means("Units whose window is over and that reached the step within it."),
        Column::count("dropped", "")
            .of_asked(units)
            .settling(WINDOW)
            .means("Units whose window is over and that did not."),
        Column::count("open", "")
            .of_asked(units)
            .settling(WINDOW)
            .means("Units whose window is not over."),
        Column::count("open_reached", "")
            .of_asked(units)
            .settling(WINDOW)
            .means("Of these, units that have reached the step already."),
        Column::rate("rate", "reached", "closed")
            .settling(WINDOW)
            .means("reached / (entered - open)."),
        Column::interval("ci_low", "ci_high", "rate"),
        Column::rate("rate_from_previous", "reached", "rate_from_previous_n")
            .settling(WINDOW)
            .means("reached / units that reached the step before."),
        Column::distinct("rate_from_previous_n", "")
            .of_asked(units)
            .settling(WINDOW)
            .means("Units that reached the step before, whose window is over."),
        Column::interval(
            "rate_from_previous_ci_low",
            "rate_from_previous_ci_high",
            "rate_from_previous",
        ),
        Column::duration("median_seconds", "seconds")
            .settling(WINDOW)
            .means("Median seconds from entry to the step."),
        Column::duration("p90_seconds", "seconds")
            .settling(WINDOW)
            .means("90th percentile of the seconds from entry to the step."),
        Column::duration("seconds_from_previous", "seconds")
            .settling(WINDOW)
            .means("Median seconds from the step before."),
    ],
    compute,
};

const WINDOW: After = After::Parameter("window");

/// The time in which a step or a payment counts.
pub(super) const CHECKOUT_WINDOW: Takes = Takes::Duration {
    least: "1m",
    most: "90d",
    such_as: "90m, 24h or 7d",
};

/// The time from entry in which a step counts.
fn window(question: &Question) -> TimeDelta {
    question.duration("window")
}

fn of_users(question: &Question) -> bool {
    question.word("unit") == "user"
}

/// What enters the funnel.
fn units(question: &Question) -> &'static str {
    match of_users(question) {
        true => "users",
        false => "conversations",
    }
}

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let question = scope.question;
    let funnel = Funnel::of(question);
    let mut counters: Counters = Accumulators::new(question.range.buckets.len());
    let early = funnel.early();
    let facts = scope.asking(&early);
    // The funnel that facts and the rollup are made for.
    if !of_users(question) && funnel.steps.is_default() {
        rollup::fill(&funnel, &facts, &mut counters)?;
    } else {
        walks::fill(&funnel, &facts, &mut counters)?;
    }
    let rows = counters.finish(question.group_by.len());
    if rows.len().saturating_mul(question.range.buckets.len()) > scope.most {
        return Err(MetricError::TooManyRows(scope.most));
    }
    Ok(Answer {
        warnings: unknown(question, &funnel.steps),
        ..Answer::of(frame(&funnel, &rows)?)
    })
}

/// A row for each step of each bucket and group.
fn frame(funnel: &Funnel, rows: &[(Group, Vec<Vec<StepCounters>>)]) -> Result<DataFrame, MetricError> {
    let question = funnel.question;
    let steps = 0..funnel.steps.0.len();
    let places: Vec<_> = by_bucket(rows, question.range.buckets.len())
        .flat_map(|(bucket, group, counters)| steps.clone().map(move |step| (bucket, group, counters, step)))
        .collect();
    let column = |name: &str, cells: Vec<Option<i64>>| Series::new(name.into(), cells).into_column();
    let mut columns = vec![column(
        "bucket",
        places.iter().map(|place| Some(place.0 as i64)).collect(),
    )];
    for (at, name) in question.group_by.iter().enumerate() {
        let values: Vec<Option<&str>> = places.iter().map(|place| place.1[at].as_deref()).collect();
        columns.push(Series::new((*name).into(), values).into_column());
    }
    columns.push(column(
        "step_index",
        places.iter().map(|place| Some(place.3 as i64 + 1)).collect(),
    ));
    let names: Vec<String> = places.iter().map(|place| funnel.steps.name(place.3)).collect();
    columns.push(Series::new("step".into(), names).into_column());
    let figures: Vec<_> = places
        .iter()
        .map(|place| funnel.figures(place.1, place.2, place.3))
        .collect();
    for (at, name) in COUNTS.into_iter().enumerate() {
        columns.push(column(name, figures.iter().map(|figures| figures.counts[at]).collect()));
    }
    for (at, name) in SECONDS.into_iter().enumerate() {
        let seconds: Vec<Option<f64>> = figures.iter().map(|figures| figures.seconds[at]).collect();
        columns.push(Series::new(name.into(), seconds).into_column());
    }
    Ok(DataFrame::new(places.len(), columns)?)
}

/// What no step of the funnel can tell, though the question asks for it.
fn unknown(question: &Question, steps: &Steps) -> Vec<String> {
    let names = CONVERSATIONS.dimensions.iter().map(|dimension| dimension.0);
    let asked = names.filter(|name| question.uses(name));
    asked
        .filter(|name| steps.known_from(name).is_none())
        .map(|name| {
            format!(
                "no step of this funnel has a {name}: grouping by it splits nothing, a filter for one finds nothing, \
                 and != leaves nothing out"
            )
        })
        .collect()
}
