//! Declines: why attempts to pay fail, by the code that came with the failure and by whose failure it was.

use super::grouping::{Cells, Grid, buckets, counts, groups};
use super::provider_share::{PAYMENT_DIMENSIONS, payment_params};
use super::table::{Sheet, Spec, counted_rate, text};
use super::{Definition, Frames, Input, Metric, MetricError, Outcome, Parameter, Question, REPORT_DAYS, top};
use crate::model::{ColumnType::Integer, ColumnType::Number, ColumnType::Text, Param, Params, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "declines",
    title: "Declines",
    definition: Definition {
        version: 1,
        text: "Attempts that failed, when they finished, by failure_kind and decline_code as their first \
               failure states them; an attempt that was approved as well has not failed. Failures of kind issuer or \
               risk are declines, and one without a kind counts as issuer; technical, abandoned and settlement \
               failures are none and stand in rows of their own. `failures=declined` leaves only the declines. \
               share is of the n attempts counted in the bucket and group, so that shares sum to 1, with a 95 % \
               Wilson interval; a decline_code \
               of null is a failure that came without one. Codes are the provider's own words: the same reason may \
               have several. Each attempt takes its own network, method and wallet.",
        numerator: "failed attempts of the kind with the code",
        denominator: "failed attempts of the bucket and group; with failures=declined, declined ones",
        excludes: &[
            "attempts that were approved or have not finished",
            "events of the other mode",
        ],
    },
    dimensions: PAYMENT_DIMENSIONS,
    parameters: &[Parameter {
        name: "failures",
        default: "all",
        help: "all, or declined: of kind issuer or risk only",
        check: check_failures,
    }],
    default_days: REPORT_DAYS,
    inputs: &[Input {
        name: "failed",
        query: query!("serve/failed_attempts"),
        params,
    }],
    compute,
};

/// What tells the rows of a bucket and group apart, after the asked groups.
const OWN: [&str; 2] = ["failure_kind", "decline_code"];

const COLUMNS: &[Spec] = &[
    ("decline_code", Text, None),
    ("failure_kind", Text, None),
    ("attempts", Integer, Some("attempts")),
    ("share", Number, Some("ratio")),
    ("n", Integer, Some("attempts")),
    ("ci_low", Number, Some("ratio")),
    ("ci_high", Number, Some("ratio")),
];

fn check_failures(value: &str) -> Result<(), &'static str> {
    if matches!(value, "all" | "declined") {
        Ok(())
    } else {
        Err("takes all or declined")
    }
}

fn params(question: &Question) -> Params {
    let mut params = payment_params(question, &[]);
    let declined = question.parameter("failures") == "declined";
    params.push(("declined_only", Param::Bool(declined)));
    params
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let frame = frames.get("failed")?;
    let names: Vec<&str> = question.group_by.iter().copied().chain(OWN).collect();
    let at = buckets(frame, &Cells::of(&question.range))?;
    let attempts = counts(frame, "attempts")?;
    let mut grid: Grid<i64> = Grid::new(question.range.buckets.len());
    let asked = question.group_by.len();
    let mut groups = groups(frame, &names)?;
    let left_out = top::fold(&mut groups, (OWN[1], asked + 1), &attempts, question.most_values);
    for (row, group) in groups.iter().enumerate() {
        if let Some(counted) = grid.at(at[row], group) {
            *counted += attempts[row];
        }
    }
    let rows = grid.finish(names.len());
    let mut sheet = Sheet::new(question, COLUMNS);
    for bucket in 0..question.range.buckets.len() {
        // Rows are in order of their groups, so those of one group stand together.
        for group in rows.chunk_by(|(one, _), (two, _)| one[..asked] == two[..asked]) {
            let whole = group.iter().map(|(_, counted)| counted[bucket]).sum();
            for (names, counted) in group {
                sheet.push(bucket, &names[..asked], cells(&names[asked..], counted[bucket], whole));
            }
        }
    }
    Ok(Outcome {
        table: sheet.finish(),
        left_out,
        ..Outcome::default()
    })
}

fn cells(own: &[Option<String>], attempts: i64, whole: i64) -> impl Iterator<Item = Value> {
    let value = |at: usize| text(own.get(at).and_then(Option::as_deref));
    let counted = [value(1), value(0), Value::Int(attempts)];
    counted.into_iter().chain(counted_rate(attempts, whole))
}
