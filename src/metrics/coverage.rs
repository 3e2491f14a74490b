//! Coverage: how much of each provider's payments is tied to a bot, to a conversation and to a card network.

use polars::prelude::{col, lit};

use super::column::Column;
use super::scope::{Scope, count_if, count_rows};
use super::{Answer, Definition, Metric, MetricError, REPORT_DAYS, top};
use crate::facts::fact::CAPTURES;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "coverage",
    title: "Coverage",
    definition: Definition {
        changes: &["Network, method and wallet as in `provider-share`."],
        text: "How much of the money is joined to the bots, by provider: one row for each provider with a payment in \
               the range. payments counts payments at their first capture, as the metric payments does. attributed \
               are those that belong to a bot: the one named by the earliest of the payment's facts that name one, \
               under any of the payment's ids. unattributed = payments - attributed; they count in every total and \
               are never spread over bots. join_rate = attributed / payments, with a 95 % Wilson interval. \
               with_conversation are those tied to a conversation, with_network those whose card network is known; a \
               method that has none (a PayPal wallet payment) counts as known, a card whose network nobody stated \
               does not.",
        numerator: "attributed payments of the provider",
        denominator: "payments of the provider; join_rate is null where it is 0",
        excludes: &["payments without a capture", "events of the other mode"],
    },
    dimensions: CAPTURES.dimensions,
    parameters: &[],
    default_days: REPORT_DAYS,
    columns: &[
        Column::key(PROVIDER).means("The provider."),
        Column::count("payments", "payments").means("Payments at their first capture."),
        Column::count("attributed", "payments").means("Of these, payments that belong to a bot."),
        Column::count("unattributed", "payments").means("Of these, payments that belong to none."),
        Column::count("with_network", "payments")
            .means("Of these, payments whose card network is known, or whose method has none."),
        Column::count("with_conversation", "payments").means("Of these, payments tied to a conversation."),
        Column::rate("join_rate", "attributed", "payments").means("attributed / payments."),
        Column::interval("ci_low", "ci_high", "join_rate"),
    ],
    compute,
};

const PROVIDER: &str = "provider";

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let captures = scope.facts(&CAPTURES, &[PROVIDER, "network", "bot_key", "conversation_key"])?;
    let (captures, left_out) = top::fold(captures, PROVIDER, scope)?;
    let counted = captures.group_by(scope.keys(&[PROVIDER])).agg([
        count_rows().alias("payments"),
        count_if(col("bot_key").is_not_null()).alias("attributed"),
        count_if(col("bot_key").is_null()).alias("unattributed"),
        // A method without a network has the network `none`, which is known.
        count_if(col("network").neq(lit("unknown"))).alias("with_network"),
        count_if(col("conversation_key").is_not_null()).alias("with_conversation"),
    ]);
    Ok(Answer {
        left_out,
        ..Answer::of(scope.complete(vec![counted], &[PROVIDER])?)
    })
}
