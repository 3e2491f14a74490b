//! Bot retention: of those first active in a bucket, how many are active in each later one.

use polars::prelude::{DataFrame, IntoColumn, IntoLazy, LazyFrame, NULL, NamedFrom, Series, col, lit, when};

use super::bot_activity::{activity, rounded};
use super::column::{Column, Role};
use super::rows::{crossed, nulls_equal};
use super::scope::{Scope, count_rows};
use super::{Answer, Definition, Metric, MetricError, Parameter, Question, REPORT_DAYS, Takes};
use crate::facts::fact::OF_BOTS;
use crate::model::Param;
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "bot-retention",
    title: "Bot retention",
    definition: Definition {
        changes: &[
            "A user is active by the same events as a bot; an event without a user belongs to the user of its \
             conversation, that of a payment to the user of the payment.",
        ],
        text: "A cohort is what was active for the first time ever in a bucket of the range; its `period` k is the \
               k-th bucket after that, and share = active there / cohort_size, with a 95 % Wilson interval; of period \
               0 it is 1. One row per cohort and period up to the end of the range: bucket_start, bucket_end and \
               complete are those of the period's bucket, cohort_start is the beginning of the cohort's. active, \
               share and interval are null while the period's bucket is not complete; if the cohort's own bucket is \
               not, cohort_size is the size so far. `First ever` looks at all history, so what was active before the \
               range is in no cohort. Without an interval the range is one bucket with period 0. `unit=bot`: a bot's \
               activity is that of bot-activity, kept by the quarter hour. `unit=user`: a user, (platform, bot_id, \
               user_id), is active with the same events; one that names no user counts for the user of its \
               conversation, or of its payment. A user has the attributes of the bot they belong to, country \
               included. Groups and filters take a bot's latest attributes; `bot` is the bot_id, so add `platform` \
               where two platforms share one.",
        numerator: "share: of the cohort, those active in the period",
        denominator: "share: the cohort; null where it is empty or the period's bucket is not complete",
        excludes: &[
            "what was active before the range began",
            "refunds, disputes, ends of conversations and outbound messages",
            "unit=user: events without a known user",
            "events of the other mode",
        ],
    },
    dimensions: OF_BOTS,
    parameters: &[Parameter {
        name: "unit",
        default: "bot",
        help: "`bot` or `user`: whose activity",
        takes: Takes::OneOf(&["bot", "user"]),
    }],
    default_days: REPORT_DAYS,
    columns: &[
        Column::new("cohort_start", Role::Cohort)
            .means("Beginning of the bucket in which the cohort was first active."),
        Column::stock("cohort_size", "")
            .of_asked(unit)
            .means("Bots or users first active in that bucket."),
        Column::new("period", Role::Position).means("Buckets since then: 0 is the bucket itself."),
        Column::stock("active", "")
            .of_asked(unit)
            .means("Of the cohort, those active in the bucket of the row; null while that is not complete."),
        Column::rate("share", "active", "cohort_size").means("active / cohort_size."),
        Column::interval("ci_low", "ci_high", "share"),
    ],
    compute,
};

/// Rows that an answer may have: they grow with the square of the buckets.
const MOST_ROWS: usize = 100_000;

/// Whose activity is asked for.
fn unit(question: &Question) -> &'static str {
    match question.word("unit") {
        "user" => "users",
        _ => "bots",
    }
}

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let of_users = unit(scope.question) == "users";
    let counted = match of_users {
        true => users(scope)?,
        false => bots(scope)?,
    };
    let counted = counted
        .group_by([[col("cohort")].as_slice(), &scope.keys(&[])].concat())
        .agg([col("active").sum()])
        .collect()?;
    let buckets = scope.question.range.buckets.len();
    let groups = scope.groups(&[&counted], &[])?;
    if (buckets * (buckets + 1) / 2).saturating_mul(groups.height()) > MOST_ROWS {
        return Err(MetricError::TooManyRows(MOST_ROWS));
    }
    let periods = periods(scope)?.lazy();
    let cohorts = periods
        .clone()
        .select([col("bucket").alias("cohort"), col("start").alias("cohort_start")]);
    let rows = crossed(cohorts, groups)
        .cross_join(periods, None)
        .filter(col("bucket").gt_eq(col("cohort")));
    let names = || scope.names(&[]).into_iter().map(col).collect::<Vec<_>>();
    let size = counted.clone().lazy().filter(col("cohort").eq(col("bucket")));
    let size = size.select([[col("cohort"), col("active").alias("cohort_size")].as_slice(), &names()].concat());
    let (of_cohort, of_row) = (
        [[col("cohort")].as_slice(), &names()].concat(),
        [[col("cohort")].as_slice(), &scope.keys(&[])].concat(),
    );
    let rows = rows.join(size, of_cohort.clone(), of_cohort, nulls_equal());
    let rows = rows.join(counted.lazy(), of_row.clone(), of_row, nulls_equal());
    let none = |name: &str| col(name).fill_null(lit(0i64));
    let rows = rows.with_columns([
        none("cohort_size"),
        when(col("complete"))
            .then(none("active"))
            .otherwise(lit(NULL))
            .alias("active"),
        (col("bucket") - col("cohort")).alias("period"),
    ]);
    Ok(Answer {
        warnings: rounded(scope).filter(|_| !of_users).into_iter().collect(),
        ..Answer::of(rows.collect()?)
    })
}

/// Each `bucket` with its `start` and whether it is `complete`.
fn periods(scope: &Scope) -> Result<DataFrame, MetricError> {
    let buckets = &scope.question.range.buckets;
    let columns = vec![
        Series::new("bucket".into(), (0..buckets.len() as i64).collect::<Vec<_>>()).into_column(),
        Series::new(
            "start".into(),
            buckets
                .iter()
                .map(|bucket| bucket.start.timestamp_micros())
                .collect::<Vec<_>>(),
        )
        .into_column(),
        Series::new(
            "complete".into(),
            buckets
                .iter()
                .map(|bucket| scope.question.complete(bucket))
                .collect::<Vec<_>>(),
        )
        .into_column(),
    ];
    Ok(DataFrame::new(buckets.len(), columns)?)
}

/// Bots by the bucket of their first activity, the `cohort`, and the buckets in which they were active. Those active
/// before the range are in no cohort, yet their groups have rows.
fn bots(scope: &Scope) -> Result<LazyFrame, MetricError> {
    let active = activity(scope)?.filter(col("position").gt(lit(0i64)));
    let counted = active.with_columns([
        (col("first") - lit(1i64)).alias("cohort"),
        (col("position") - lit(1i64)).alias("bucket"),
    ]);
    Ok(counted
        .group_by([[col("cohort")].as_slice(), &scope.keys(&[])].concat())
        .agg([count_rows().alias("active")]))
}

/// The same of users.
fn users(scope: &Scope) -> Result<LazyFrame, MetricError> {
    let edges = scope
        .question
        .range
        .buckets
        .iter()
        .map(|bucket| bucket.start.timestamp_micros());
    let edges: Vec<i64> = edges.collect();
    let mut params = scope.range_params();
    params.extend([
        ("bucket", Param::Ints((0..edges.len() as i64).collect())),
        ("edges", Param::Ints(edges)),
        ("heard", Param::Time(scope.question.as_of)),
    ]);
    let users = scope.read(&query!("facts/users"), &params)?;
    Ok(scope.cut(users, OF_BOTS, &[])?.rename(["users"], ["active"], true))
}
