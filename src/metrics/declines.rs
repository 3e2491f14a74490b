//! Declines: why attempts to pay fail, by the code that came with the failure and by whose failure it was.

use polars::prelude::{IntoLazy, col};

use super::column::Column;
use super::scope::{Scope, count_rows};
use super::{Answer, Definition, Metric, MetricError, Parameter, REPORT_DAYS, Takes, top};
use crate::facts::fact::ATTEMPTS;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "declines",
    title: "Declines",
    definition: Definition {
        changes: &[],
        text: "Attempts that failed, when they finished, by failure_kind and decline_code as their first failure \
               states them; an attempt that was approved as well has not failed. Failures of kind issuer or risk are \
               declines, and one without a kind counts as issuer; technical, abandoned and settlement failures are \
               not declines and have their own rows. `failures=declined` leaves only the declines. share is of the n \
               attempts counted in the bucket and group, so that shares sum to 1, with a 95 % Wilson interval; a \
               decline_code of null is a failure that came without one. Codes are the provider's own words: the same \
               reason may have several. Each attempt takes its own network, method and wallet.",
        numerator: "failed attempts of the kind with the code",
        denominator: "failed attempts of the bucket and group; with failures=declined, declined ones",
        excludes: &[
            "attempts that were approved or have not finished",
            "events of the other mode",
        ],
    },
    dimensions: ATTEMPTS.dimensions,
    parameters: &[Parameter {
        name: "failures",
        default: "all",
        help: "all, or declined: of kind issuer or risk only",
        takes: Takes::OneOf(&["all", "declined"]),
    }],
    default_days: REPORT_DAYS,
    columns: &[
        Column::key("decline_code")
            .means("Code that came with the failure, in the provider's words; null if none came."),
        Column::key("failure_kind").means("Whose failure it was: issuer, risk, technical, abandoned or settlement."),
        Column::count("attempts", "attempts").means("Failed attempts of this kind with this code."),
        Column::rate("share", "attempts", "n").means("attempts / n."),
        Column::distinct("n", "attempts").means("Failed attempts of the bucket and group."),
        Column::interval("ci_low", "ci_high", "share"),
    ],
    compute,
};

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let own = ["failure_kind", "decline_code"];
    let failed = scope.facts(&ATTEMPTS, &["approved", "decided", "failure_kind", "decline_code"])?;
    let failed = failed.filter(col("approved").not());
    let failed = match scope.question.word("failures") {
        "declined" => failed.filter(col("decided")),
        _ => failed,
    };
    let (failed, left_out) = top::fold(failed, "decline_code", scope)?;
    let counted = failed.group_by(scope.keys(&own)).agg([count_rows().alias("attempts")]);
    let rows = scope.complete(vec![counted], &own)?.lazy();
    let n = col("attempts").sum().over(scope.keys(&[]))?.alias("n");
    Ok(Answer {
        left_out,
        ..Answer::of(rows.with_column(n).collect()?)
    })
}
