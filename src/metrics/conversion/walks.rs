//! Funnels of any steps, by conversation or by user: how far each unit walked.

use chrono::TimeDelta;
use polars::prelude::{DataFrame, IntoLazy, col, lit};

use super::funnel::{Counters, Funnel};
use super::steps::{Kept, Step, Steps};
use super::{of_users, window};
use crate::facts::fact::CONVERSATIONS;
use crate::metrics::MetricError;
use crate::metrics::grouping::{counts, groups};
use crate::metrics::scope::Scope;
use crate::model::{Param, Params};
use crate::query;

/// An event may be stamped by a clock that is ahead; no event is further ahead than a day.
const AHEAD: TimeDelta = TimeDelta::days(2);

/// The parameters of the query.
fn params(scope: &Scope) -> Params {
    let question = scope.question;
    let (steps, by_user, until) = (
        Steps::of(question),
        of_users(question),
        question.range.to + window(question),
    );
    let texts = |words: Vec<&str>| match words.as_slice() {
        [] => Param::Null,
        words => Param::Texts(words.iter().map(|word| (*word).to_owned()).collect()),
    };
    let use_checkout = scope.uses("path") || scope.uses("credential");
    let mut logged = steps.kept(Kept::Conversations);
    if use_checkout && !logged.contains(&"checkout.started") {
        logged.push("checkout.started");
    }
    // A conversation's path is that of its first checkout, also where that came too late to be a step.
    let last = if use_checkout && !by_user {
        until.max(question.as_of + AHEAD)
    } else {
        until
    };
    let starts = question.range.buckets.iter().skip(1).map(|bucket| bucket.start);
    let edges = std::iter::once(question.range.from).chain(starts);
    let mut params = scope.range_params();
    params.extend([
        (
            "edges",
            Param::Ints(edges.map(|edge| edge.timestamp_micros()).collect()),
        ),
        ("until", Param::Time(until)),
        ("last", Param::Time(last)),
        ("heard", Param::Time(question.as_of)),
        ("open_after", Param::Time(question.as_of - window(question))),
        (
            "window",
            Param::Int(window(question).num_microseconds().unwrap_or(i64::MAX)),
        ),
        ("by_user", Param::Bool(by_user)),
        ("entry", Param::Text(steps.0.first().map_or("", Step::kind).to_owned())),
        ("steps", texts(steps.0.iter().map(Step::kind).collect())),
        ("repeated", texts(steps.repeated())),
        ("logged", texts(logged)),
        ("spoken", texts(steps.kept(Kept::Events))),
        ("dealt", texts(steps.kept(Kept::Payments))),
        ("use_paid", Param::Bool(!steps.kept(Kept::Paid).is_empty())),
        ("use_checkout", Param::Bool(use_checkout)),
        ("use_provider", Param::Bool(scope.uses("provider"))),
        scope.columns(
            CONVERSATIONS.dimensions,
            &["bucket", "open", "step", "after", "after_previous", "own"],
        ),
    ]);
    params
}

/// Counts the units, and takes their times.
pub(super) fn fill(funnel: &Funnel, scope: &Scope, counters: &mut Counters) -> Result<(), MetricError> {
    let walks = scope.read(&query!("facts/walks"), &params(scope))?;
    let frame = scope.cut(walks, CONVERSATIONS.dimensions, &[])?.collect()?;
    count(funnel, &frame, counters)?;
    for index in 1..funnel.steps.0.len() {
        let there = col("step").eq(lit(index as i64 + 1)).and(col("after").is_not_null());
        let reached = frame.clone().lazy().filter(there);
        funnel.time(reached, index, col("after"), col("after_previous"), counters)?;
    }
    Ok(())
}

/// A unit has a row for each step that it reached, the first of which is its entry.
fn count(funnel: &Funnel, frame: &DataFrame, counters: &mut Counters) -> Result<(), MetricError> {
    let [bucket, open, step, units] = [
        counts(frame, "bucket")?,
        counts(frame, "open")?,
        counts(frame, "step")?,
        counts(frame, "units")?,
    ];
    for (row, group) in groups(frame, &funnel.split)?.iter().enumerate() {
        let (at, reached) = (bucket[row] as usize, step[row] as usize - 1);
        let units = units[row];
        if reached == 0 {
            for index in 0..funnel.steps.0.len() {
                if let Some(counter) = funnel.step(counters, at, group, index) {
                    counter.entered += units;
                    counter.open += units * open[row];
                }
            }
        }
        if let Some(counter) = funnel.step(counters, at, group, reached) {
            if open[row] == 1 {
                counter.open_reached += units;
            } else {
                counter.reached += units;
            }
        }
    }
    Ok(())
}
