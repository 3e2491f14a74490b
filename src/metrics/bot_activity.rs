//! Bot activity: which bots are new, stay, come back and fall silent.

use polars::prelude::{
    DataFrame, DataType, IntoColumn, IntoLazy, JoinArgs, JoinType, LazyFrame, NULL, NamedFrom, Series,
    UniqueKeepStrategy, col, lit, when,
};

use super::column::Column;
use super::scope::{Scope, count_if, count_rows};
use super::slots::Slots;
use super::{Answer, Definition, Metric, MetricError, REPORT_DAYS};
use crate::facts::fact::OF_BOTS;
use crate::model::Param;
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "bot-activity",
    title: "Bot activity",
    definition: Definition {
        changes: &[
            "Without an interval, the period before is the calendar month before, or as many local days \
             before, where it was always an equally long time before.",
        ],
        text: "A bot is active in a bucket with a conversation.started, an inbound message, a catalog, product, \
               cart or checkout event, or a transaction initiated, authorized, captured, requiring action or \
               failed. new = active now and never before, in all history; retained = active now and in the bucket \
               before; resurrected = active now, not in the bucket before, but earlier; churned = active in the \
               bucket before, not now. The bucket before the first is the calendar bucket before it, or without \
               an interval what `compare=previous_period` takes: the month before of a calendar month, as many local \
               days before of whole days, else as long a time. active = active before + new + resurrected - churned; `residual` is the difference, and is 0. Activity is kept by the quarter hour: an edge \
               inside one moves to its beginning, with a warning. Groups and filters take a bot's latest \
               attributes; `bot` is the bot_id, so add `platform` where two platforms share one.",
        numerator: "quick_ratio: new + resurrected",
        denominator: "quick_ratio: churned; null where it is 0",
        excludes: &[
            "refunds, disputes, ends of conversations and outbound messages",
            "events of the other mode",
        ],
    },
    dimensions: OF_BOTS,
    parameters: &[],
    default_days: REPORT_DAYS,
    columns: &[
        Column::stock("active", "bots").means("Bots active in the bucket."),
        Column::count("new", "bots").means("Of these, bots never active before."),
        Column::stock("retained", "bots").means("Of these, bots active in the bucket before too."),
        Column::stock("resurrected", "bots").means("Of these, bots active earlier, but not in the bucket before."),
        Column::stock("churned", "bots").means("Bots active in the bucket before and not in this one."),
        Column::number("quick_ratio", "ratio").means("(new + resurrected) / churned; null where churned is 0."),
        Column::stock("residual", "bots")
            .means("active minus what the bucket before and the changes make it; always 0."),
    ],
    compute,
};

/// The bots active in the range or in the bucket before it: `position` is 0 for that bucket and 1 for the first of the
/// range, `first` the bot's first position, null where it was active earlier than the range.
pub(super) fn activity(scope: &Scope) -> Result<LazyFrame, MetricError> {
    let slots = Slots::of(&scope.question.range);
    let mode = || ("mode", Param::Text(scope.question.mode.as_str().to_owned()));
    let days = vec![
        mode(),
        ("first_day", Param::Int(slots.first_day())),
        ("last_day", Param::Int(slots.last_day())),
    ];
    let from = &slots.from;
    let before = vec![
        mode(),
        ("from_day", Param::Int(from.day)),
        ("from_low", Param::Int(from.low)),
        ("from_high", Param::Int(from.high)),
    ];
    let days = scope.read(&query!("facts/days"), &days)?.lazy();
    let before = scope
        .read(&query!("facts/active_before"), &before)?
        .lazy()
        .with_column(lit(true).alias("early"));
    let meets = |bits: &str| col(bits).and(col(format!("{bits}_of_bucket"))).neq(lit(0i64));
    let active = days
        .inner_join(buckets(&slots)?.lazy(), col("day"), col("day"))
        .filter(meets("low").or(meets("high")));
    let active = active
        .select([col("bot_key"), col("position")])
        .unique(None, UniqueKeepStrategy::Any);
    let active = active.left_join(before, col("bot_key"), col("bot_key"));
    let first = when(col("early").is_null())
        .then(col("position").min().over([col("bot_key")])?)
        .otherwise(lit(NULL));
    scope.cut(active.with_column(first.alias("first")).collect()?, OF_BOTS, &[])
}

/// The quarter hours of each day of each bucket.
fn buckets(slots: &Slots) -> Result<DataFrame, MetricError> {
    let column = |name: &str, value: fn(&super::slots::Slot) -> i64| {
        Series::new(name.into(), slots.slots.iter().map(value).collect::<Vec<_>>()).into_column()
    };
    let columns = vec![
        column("position", |slot| slot.position),
        column("day", |slot| slot.cells.day),
        column("low_of_bucket", |slot| slot.cells.low),
        column("high_of_bucket", |slot| slot.cells.high),
    ];
    Ok(DataFrame::new(slots.slots.len(), columns)?)
}

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let active = activity(scope)?.collect()?.lazy();
    let buckets = scope.question.range.buckets.len() as i64;
    let bucket = |shift: i64| (col("position") - lit(shift)).alias("bucket");
    let now = active
        .clone()
        .filter(col("position").gt(lit(0i64)))
        .with_column(bucket(1));
    let was = active.filter(col("position").lt(lit(buckets))).with_column(bucket(0));
    let flagged = |rows: &LazyFrame, flag: &str| {
        rows.clone()
            .select([col("bot_key"), col("bucket"), lit(true).alias(flag)])
    };
    let on = || [col("bot_key"), col("bucket")];
    let left = || JoinArgs::new(JoinType::Left);
    let there = |flag: &str| col(flag).is_not_null();
    let is_new = || {
        there("was")
            .not()
            .and(col("first").eq(col("position")).fill_null(lit(false)))
    };
    let of_now = now
        .clone()
        .join(flagged(&was, "was"), on(), on(), left())
        .group_by(scope.keys(&[]))
        .agg([
            count_rows().alias("active"),
            count_if(there("was")).alias("retained"),
            count_if(is_new()).alias("new"),
            count_if(there("was").or(is_new()).not()).alias("resurrected"),
        ]);
    let of_was = was
        .join(flagged(&now, "now"), on(), on(), left())
        .group_by(scope.keys(&[]))
        .agg([
            count_rows().alias("before"),
            count_if(there("now").not()).alias("churned"),
        ]);
    let rows = scope.complete(vec![of_now, of_was], &[])?;
    let gained = || col("new") + col("resurrected");
    let quick = gained().cast(DataType::Float64) / col("churned").cast(DataType::Float64);
    let rows = rows.lazy().with_columns([
        when(col("churned").gt(lit(0i64)))
            .then(quick)
            .otherwise(lit(NULL))
            .alias("quick_ratio"),
        (col("active") - (col("before") + gained() - col("churned"))).alias("residual"),
    ]);
    Ok(Answer {
        warnings: rounded(scope).into_iter().collect(),
        ..Answer::of(rows.collect()?)
    })
}

/// A warning if an edge of the range is within a quarter hour.
pub(super) fn rounded(scope: &Scope) -> Option<String> {
    let warning = "an edge of the range within a quarter hour (UTC) was moved to the beginning of the quarter hour";
    Slots::of(&scope.question.range).rounded.then(|| warning.to_owned())
}
