//! Funnels of any steps, by conversation or by user: how far each unit walked.

use chrono::TimeDelta;
use polars::prelude::{DataFrame, IntoLazy, col, lit};

use super::funnel::{Funnel, Tallies};
use super::steps::{Kept, Step, Steps};
use super::{DIMENSIONS, is_fast, of_users, window};
use crate::metrics::grouping::{counts, groups, use_bot, uses};
use crate::metrics::{MetricError, Question};
use crate::model::{Param, Params};

/// An event may be stamped by a clock that is ahead; no event is further ahead than a day.
const AHEAD: TimeDelta = TimeDelta::days(2);

/// The parameters of the query; none where the cube and the facts answer.
pub(super) fn params(question: &Question) -> Params {
    if is_fast(question) {
        return Params::new();
    }
    let (steps, by_user, until) = (
        Steps::of(question),
        of_users(question),
        question.range.to + window(question),
    );
    let texts = |words: Vec<&str>| match words.as_slice() {
        [] => Param::Null,
        words => Param::Texts(words.iter().map(|word| (*word).to_owned()).collect()),
    };
    let use_checkout = uses(question, "path") || uses(question, "credential");
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
    let mut params = vec![
        ("from", Param::Time(question.range.from)),
        ("to", Param::Time(question.range.to)),
        ("mode", Param::Text(question.mode.as_str().to_owned())),
        (
            "edges",
            Param::Ints(edges.map(|edge| edge.timestamp_micros()).collect()),
        ),
        ("until", Param::Time(until)),
        ("last", Param::Time(last)),
        ("heard", Param::Time(question.as_of)),
        ("open_after", Param::Time(question.as_of - window(question))),
        ("window", super::micros(window(question))),
        ("by_user", Param::Bool(by_user)),
        ("entry", Param::Text(steps.0.first().map_or("", Step::kind).to_owned())),
        ("steps", texts(steps.0.iter().map(Step::kind).collect())),
        ("repeated", texts(steps.repeated())),
        ("logged", texts(logged)),
        ("spoken", texts(steps.kept(Kept::Events))),
        ("dealt", texts(steps.kept(Kept::Payments))),
        ("use_paid", Param::Bool(!steps.kept(Kept::Paid).is_empty())),
        ("use_checkout", Param::Bool(use_checkout)),
        ("use_provider", Param::Bool(uses(question, "provider"))),
        use_bot(question),
    ];
    params.extend(Funnel::of(question).dimension_params(DIMENSIONS));
    params
}

/// Counts the units of the frame, and takes their times.
pub(super) fn tally(funnel: &Funnel, frame: &DataFrame, tallies: &mut Tallies) -> Result<(), MetricError> {
    count(funnel, frame, tallies)?;
    for index in 1..funnel.steps.0.len() {
        let there = col("step").eq(lit(index as i64 + 1)).and(col("after").is_not_null());
        let reached = frame.clone().lazy().filter(there);
        funnel.time(reached, index, col("after"), col("after_previous"), tallies)?;
    }
    Ok(())
}

/// A unit has a row for each step that it reached, the first of which is its entry.
fn count(funnel: &Funnel, frame: &DataFrame, tallies: &mut Tallies) -> Result<(), MetricError> {
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
                if let Some(tally) = funnel.tally(tallies, at, group, index) {
                    tally.entered += units;
                    tally.open += units * open[row];
                }
            }
        }
        if let Some(tally) = funnel.tally(tallies, at, group, reached) {
            if open[row] == 1 {
                tally.open_reached += units;
            } else {
                tally.reached += units;
            }
        }
    }
    Ok(())
}
