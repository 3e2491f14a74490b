//! The default funnel by conversation: from the rollup where possible, else from the facts.

use chrono::{DateTime, TimeDelta, Utc};
use polars::prelude::{DataFrame, DataType, col, lit};

use super::funnel::{Counters, Funnel};
use super::window;
use crate::facts::fact::{CONVERSATIONS, CONVERSATIONS_WITH_CHECKOUT, Dimension, Of};
use crate::metrics::grouping::{counts, groups};
use crate::metrics::scope::{Scope, count_if, count_rows};
use crate::metrics::{MetricError, Question};
use crate::model::Param;
use crate::query;

/// Dimensions that the rollup has.
const CELL_DIMENSIONS: &[Dimension] = &[Dimension("platform", Of::Row), Dimension("path", Of::Row)];
/// Microseconds of a cell of the rollup.
const CELL: i64 = 900_000_000;

/// The instant up to which the rollup answers; from there on conversations are counted one by one.
///
/// The rollup knows whole quarter hours, the default window and two dimensions, and what is in it has to
/// be closed.
fn rollup_until(question: &Question) -> DateTime<Utc> {
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
    let fits = window(question) == TimeDelta::hours(24)
        && asked
            .into_iter()
            .all(|name| CELL_DIMENSIONS.iter().any(|dimension| dimension.0 == name))
        && edges.into_iter().all(whole);
    let closed = (question.as_of - TimeDelta::hours(24)).timestamp_micros();
    match DateTime::from_timestamp_micros(closed - closed.rem_euclid(CELL)) {
        Some(closed) if fits => closed.clamp(question.range.from, question.range.to),
        _ => question.range.from,
    }
}

/// Counts conversations and takes their times.
pub(super) fn fill(funnel: &Funnel, scope: &Scope, counters: &mut Counters) -> Result<(), MetricError> {
    let question = scope.question;
    let until = rollup_until(question);
    if until > question.range.from {
        count(funnel, &cells(scope, until)?, counters)?;
    }
    let micros = window(question).num_microseconds().unwrap_or(i64::MAX);
    let within = |after: &str| col(after).lt_eq(lit(micros));
    let open = || col("time").gt(lit((question.as_of - window(question)).timestamp_micros()));
    if until < question.range.to {
        let conversations = scope.facts_since(until, &CONVERSATIONS, &["checkout_after", "paid_after"])?;
        let by = [
            [open().cast(DataType::Int64).alias("open")].as_slice(),
            &scope.keys(&[]),
        ]
        .concat();
        let counted = conversations.group_by(by).agg([
            count_rows().alias("entered"),
            count_if(within("checkout_after")).alias("checkout"),
            count_if(within("paid_after")).alias("paid"),
        ]);
        count(funnel, &counted.collect()?, counters)?;
    }
    let timed = scope.facts(&CONVERSATIONS_WITH_CHECKOUT, &["checkout_after", "paid_after"])?;
    let timed = timed.filter(open().not().and(within("checkout_after")));
    let paid = timed.clone().filter(within("paid_after"));
    let (checkout_after, paid_after) = (col("checkout_after"), col("paid_after"));
    funnel.time(timed, 1, checkout_after.clone(), checkout_after.clone(), counters)?;
    funnel.time(paid, 2, paid_after.clone(), paid_after - checkout_after, counters)
}

/// Conversations that entered before a moment, all of them closed, from the rollup.
fn cells(scope: &Scope, until: DateTime<Utc>) -> Result<DataFrame, MetricError> {
    let edges = scope
        .question
        .range
        .buckets
        .iter()
        .map(|bucket| bucket.start.timestamp_micros());
    let mut edges: Vec<i64> = edges.collect();
    edges[0] = scope.question.range.from.timestamp_micros();
    let mut params = scope.range_params();
    params.retain(|(name, _)| *name != "to");
    params.extend([
        ("until", Param::Time(until)),
        ("bucket", Param::Ints((0..edges.len() as i64).collect())),
        ("edges", Param::Ints(edges)),
    ]);
    let cells = scope.read(&query!("facts/conversation_cells"), &params)?;
    let sums = ["open", "entered", "checkout", "paid"].map(|name| col(name).sum());
    Ok(scope
        .cut(cells, CELL_DIMENSIONS, &[])?
        .group_by(scope.keys(&[]))
        .agg(sums)
        .collect()?)
}

fn count(funnel: &Funnel, frame: &DataFrame, counters: &mut Counters) -> Result<(), MetricError> {
    let (at, open) = (counts(frame, "bucket")?, counts(frame, "open")?);
    let entered = counts(frame, "entered")?;
    let reached = [entered.clone(), counts(frame, "checkout")?, counts(frame, "paid")?];
    for (row, group) in groups(frame, &funnel.split)?.iter().enumerate() {
        for (index, reached) in reached.iter().enumerate() {
            let Some(counter) = funnel.step(counters, at[row] as usize, group, index) else {
                continue;
            };
            counter.entered += entered[row];
            if open[row] == 1 {
                counter.open += entered[row];
                counter.open_reached += reached[row];
            } else {
                counter.reached += reached[row];
            }
        }
    }
    Ok(())
}
