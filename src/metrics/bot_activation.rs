//! Bot activation: how many of the bots registered come to talk, to sell and to be paid, and how soon.

use polars::prelude::{IntoColumn, NamedFrom, QuantileMethod, Series, col, lit};

use super::column::{After, Column};
use super::scope::{Scope, count_if, count_rows};
use super::{Answer, Definition, Metric, MetricError, Parameter, REPORT_DAYS, Takes};
use crate::facts::fact::OF_BOTS;
use crate::model::Param;
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "bot-activation",
    title: "Bot activation",
    definition: Definition {
        changes: &["A checkout belongs to the bot of its conversation."],
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
            "steps of the other mode; bots have no mode, and a conversation counts as a test if it leads to a test",
        ],
    },
    dimensions: OF_BOTS,
    parameters: &[Parameter {
        name: "window",
        default: "30d",
        help: "time from registration in which a step counts, from 1h to 365d",
        takes: Takes::Duration {
            least: "1h",
            most: "365d",
            such_as: "48h, 7d or 30d",
        },
    }],
    default_days: REPORT_DAYS,
    columns: &[
        Column::count("registered", "bots").means("Bots registered in the bucket."),
        Column::count("with_conversation", "bots")
            .settling(WINDOW)
            .means("Of these, bots with a conversation started within the window."),
        Column::count("with_checkout", "bots")
            .settling(WINDOW)
            .means("Of these, bots with a checkout started within the window."),
        Column::count("with_payment", "bots")
            .settling(WINDOW)
            .means("Of these, bots with a payment captured within the window."),
        Column::rate("rate", "with_payment", "registered")
            .settled(WINDOW)
            .means("with_payment / registered."),
        Column::interval("ci_low", "ci_high", "rate"),
        Column::duration("median_days_to_conversation", "days")
            .settled(WINDOW)
            .means("Median days from registration to the first conversation, of the bots that had one."),
        Column::duration("median_days_to_checkout", "days")
            .settled(WINDOW)
            .means("Median days from registration to the first checkout, of the bots that had one."),
        Column::duration("median_days_to_payment", "days")
            .settled(WINDOW)
            .means("Median days from registration to the first captured payment, of the bots that had one."),
    ],
    compute,
};

const WINDOW: After = After::Parameter("window");

/// Microseconds of a day of 24 hours.
const DAY: f64 = 86_400e6;

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let window = scope.question.duration("window");
    let mut params = scope.range_params();
    params.extend([
        ("window", Param::Int(window.num_microseconds().unwrap_or(i64::MAX))),
        ("until", Param::Time(scope.question.range.to + window)),
    ]);
    let mut bots = scope.bucketed(scope.read(&query!("facts/first_steps"), &params)?, "time", "bucket")?;
    for step in ["to_conversation", "to_checkout", "to_payment"] {
        // Divided one by one: Polars would multiply by the reciprocal, which rounds twice.
        let days: Vec<Option<f64>> = bots
            .column(step)?
            .i64()?
            .iter()
            .map(|micros| Some(micros? as f64 / DAY))
            .collect();
        bots.with_column(Series::new(format!("days_{step}").into(), days).into_column())?;
    }
    let taken = |step: &str| count_if(col(step).is_not_null());
    let median = |step: &str| col(format!("days_{step}")).quantile(lit(0.5), QuantileMethod::Linear);
    let figures = scope.cut(bots, OF_BOTS, &[])?.group_by(scope.keys(&[])).agg([
        count_rows().alias("registered"),
        taken("to_conversation").alias("with_conversation"),
        taken("to_checkout").alias("with_checkout"),
        taken("to_payment").alias("with_payment"),
        median("to_conversation").alias("median_days_to_conversation"),
        median("to_checkout").alias("median_days_to_checkout"),
        median("to_payment").alias("median_days_to_payment"),
    ]);
    Ok(Answer::of(scope.complete(vec![figures], &[])?))
}
