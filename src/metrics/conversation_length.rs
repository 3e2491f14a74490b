//! Conversation length: how many messages conversations have.

use std::sync::Arc;

use polars::prelude::{DataType, IntoLazy, QuantileMethod, col, lit};

use super::column::{After, Column};
use super::conversion::CHECKOUT_WINDOW;
use super::scope::{Scope, count_if, count_rows};
use super::{Answer, Definition, Metric, MetricError, Parameter, REPORT_DAYS, Takes};
use crate::facts::fact::CONVERSATIONS;
use crate::model::Param;
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "conversation-length",
    title: "Conversation length",
    definition: Definition {
        changes: &[],
        text: "Messages of the conversations started in a bucket, from the start of the conversation to `window` \
               after it, in either direction or in that of `direction`. A conversation without a message counts \
               with 0. A message belongs to the conversation that it names, or that the name now stands for. The \
               median and the 90th percentile are by linear interpolation over the conversations. share is that of \
               the conversations with `at_least` messages, with a 95 % Wilson interval. A bucket is mature when its \
               end plus the window has passed: until then everything except the three counts, which are those so \
               far, is null. Category and developer are those of the conversation's bot; acquisition is that of the \
               conversation; path and credential are those of its first checkout, provider is that of its first \
               payment; country is the conversation's, else the bot's.",
        numerator: "mean: messages within the window; share: conversations with at least `at_least` of them",
        denominator: "conversations started in the bucket; null where there are none or the bucket is not mature",
        excludes: &[
            "messages before the start or after the window, and those of the other direction",
            "conversations without a conversation.started",
            "events of the other mode; as tests count the conversations that lead to one",
        ],
    },
    dimensions: CONVERSATIONS.dimensions,
    parameters: &[
        Parameter {
            name: "at_least",
            default: "10",
            help: "messages from which on a conversation counts in share, from 1 to 10000",
            takes: Takes::Own(|text| match text.parse() {
                Ok(least @ 1..=10_000i64) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Arc::new(least)),
                _ => Err("takes a whole number from 1 to 10000"),
            }),
        },
        Parameter {
            name: "direction",
            default: "both",
            help: "in: messages to the bot; out: messages from it; both",
            takes: Takes::OneOf(&["both", "in", "out"]),
        },
        Parameter {
            name: "window",
            default: "24h",
            help: "time from the start in which a message counts, from 1m to 90d",
            takes: CHECKOUT_WINDOW,
        },
    ],
    default_days: REPORT_DAYS,
    columns: &[
        Column::count("conversations", "conversations").means("Conversations started in the bucket."),
        Column::count("messages", "messages")
            .settling(WINDOW)
            .means("Their messages within the window."),
        Column::number("mean", "messages")
            .settled(WINDOW)
            .means("messages / conversations."),
        Column::number("median", "messages")
            .settled(WINDOW)
            .means("Median number of messages of a conversation."),
        Column::number("p90", "messages")
            .settled(WINDOW)
            .means("90th percentile of the number of messages of a conversation."),
        Column::count("long", "conversations")
            .settling(WINDOW)
            .means("Conversations with at least `at_least` messages within the window."),
        Column::rate("share", "long", "conversations")
            .settled(WINDOW)
            .means("long / conversations."),
        Column::interval("ci_low", "ci_high", "share"),
    ],
    compute,
};

const WINDOW: After = After::Parameter("window");

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let question = scope.question;
    let window = question.duration("window");
    let mut params = scope.range_params();
    params.extend([
        ("heard", Param::Time(question.as_of)),
        ("until", Param::Time(question.range.to + window)),
        ("window", Param::Int(window.num_microseconds().unwrap_or(i64::MAX))),
        (
            "direction",
            match question.word("direction") {
                "both" => Param::Null,
                one => Param::Text(one.to_owned()),
            },
        ),
        scope.columns(CONVERSATIONS.dimensions, &["time", "messages"]),
    ]);
    let least = question.own("at_least").copied().unwrap_or(1i64);
    let conversations = scope.bucketed(scope.read(&query!("facts/messages"), &params)?, "time", "bucket")?;
    let percentile = |share: f64| col("messages").quantile(lit(share), QuantileMethod::Linear);
    let figures = scope
        .cut(conversations, CONVERSATIONS.dimensions, &[])?
        .group_by(scope.keys(&[]))
        .agg([
            count_rows().alias("conversations"),
            percentile(0.5).alias("median"),
            percentile(0.9).alias("p90"),
            count_if(col("messages").gt_eq(lit(least))).alias("long"),
            col("messages").sum(),
        ]);
    let number = |name: &str| col(name).cast(DataType::Float64);
    let mean = (number("messages") / number("conversations")).alias("mean");
    let rows = scope.complete(vec![figures], &[])?.lazy().with_column(mean);
    Ok(Answer::of(rows.collect()?))
}

#[cfg(test)]
mod tests {
    use polars::prelude::{DataFrame, IntoColumn, NamedFrom, Series};

    use super::*;
    use crate::metrics::{Question, Source};
    use crate::model::{Interval, Mode, Params, Query, TimeRange, Value};

    /// Conversations with these numbers of messages, all started at one moment.
    struct Lengths(i64, &'static [i64]);

    impl Source for Lengths {
        fn read(&self, _: &Query, _: &Params) -> Result<DataFrame, MetricError> {
            let times = Series::new("time".into(), vec![self.0; self.1.len()]);
            let messages = Series::new("messages".into(), self.1);
            Ok(DataFrame::new(
                self.1.len(),
                vec![times.into_column(), messages.into_column()],
            )?)
        }
    }

    #[test]
    fn lengths_are_told_once_the_window_of_their_bucket_is_over() {
        let day = |text: &str| format!("{text}T00:00:00Z").parse().unwrap();
        let range = TimeRange::new(
            day("2025-03-01"),
            day("2025-03-03"),
            Some(Interval::Day),
            chrono_tz::UTC,
        )
        .unwrap();
        let parameters = METRIC.parameters.iter();
        let question = Question {
            range,
            as_of: day("2025-03-03"),
            mode: Mode::Live,
            currency: None,
            group_by: Vec::new(),
            filters: Vec::new(),
            parameters: parameters
                .map(|own| (own.name, own.read(own.default).unwrap()))
                .collect(),
            most_values: None,
            whole: false,
        };
        let told = |start: &str| {
            let source = Lengths(day(start).timestamp_micros(), &[2, 0, 12, 4, 2]);
            METRIC.answer(&question, &source, 10).unwrap().table
        };
        let row = |table: &crate::model::Table, row: usize| table.rows[row][3..].to_vec();
        // Sorted 0, 2, 2, 4, 12: the 90th percentile lies six tenths of the way from the fourth to the fifth.
        let figures = row(&told("2025-03-01"), 0);
        assert_eq!(figures[..3], [Value::Int(5), Value::Int(20), Value::Number(4.0)]);
        assert_eq!(figures[3], Value::Number(2.0));
        assert!(
            matches!(figures[4], Value::Number(p90) if (p90 - 8.8).abs() < 1e-12),
            "{figures:?}"
        );
        assert_eq!(figures[5..7], [Value::Int(1), Value::Number(0.2)]);
        // Of the next day nothing has settled but what is counted so far.
        let open = row(&told("2025-03-02"), 1);
        assert_eq!(open[..3], [Value::Int(5), Value::Int(20), Value::Null]);
        assert_eq!(
            open[3..],
            [
                Value::Null,
                Value::Null,
                Value::Int(1),
                Value::Null,
                Value::Null,
                Value::Null
            ]
        );
    }
}
