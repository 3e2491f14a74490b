//! Coverage: how much of each provider's payments is tied to a bot, to a conversation and to a card network.

use super::grouping::{Cells, Grid, buckets, counts, groups};
use super::provider_share::{PAYMENT_DIMENSIONS, payment_params};
use super::table::{Sheet, Spec, by_bucket, rate_cells, text};
use super::{Definition, Frames, Input, Metric, MetricError, Outcome, Question, REPORT_DAYS, top};
use crate::model::{ColumnType::Integer, ColumnType::Number, ColumnType::Text, Params, Value};
use crate::query;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "coverage",
    title: "Coverage",
    definition: Definition {
        version: 2,
        text: "How much of the money is joined to the bots, by provider: one row for each provider with a payment in \
               the range. payments counts payments at their first capture, as the metric payments does. attributed \
               are those that belong to a bot: of the payment's facts, under all the names that it goes by, the \
               earliest that names one says which. unattributed = payments - attributed; they count in every \
               total and are never spread over bots. join_rate = attributed / payments, with a 95 % Wilson interval. \
               with_conversation are those \
               tied to a conversation, with_network those whose card network is known; a method that has none (a \
               PayPal wallet payment) counts as known, a card whose network nobody stated does not.",
        numerator: "attributed payments of the provider",
        denominator: "payments of the provider; join_rate is null where it is 0",
        excludes: &["payments without a capture", "events of the other mode"],
    },
    dimensions: PAYMENT_DIMENSIONS,
    parameters: &[],
    default_days: REPORT_DAYS,
    inputs: &[Input {
        name: "coverage",
        query: query!("serve/payments_coverage"),
        params,
    }],
    compute,
};

const PROVIDER: &str = "provider";

const COLUMNS: &[Spec] = &[
    (PROVIDER, Text, None),
    ("payments", Integer, Some("payments")),
    ("attributed", Integer, Some("payments")),
    ("unattributed", Integer, Some("payments")),
    ("with_network", Integer, Some("payments")),
    ("with_conversation", Integer, Some("payments")),
    ("join_rate", Number, Some("ratio")),
    ("ci_low", Number, Some("ratio")),
    ("ci_high", Number, Some("ratio")),
];

fn params(question: &Question) -> Params {
    payment_params(question, &[PROVIDER])
}

/// One provider in one bucket and group.
#[derive(Debug, Clone, Copy, Default)]
struct Joined {
    payments: i64,
    attributed: i64,
    with_network: i64,
    with_conversation: i64,
}

impl Joined {
    fn cells(self) -> impl Iterator<Item = Value> {
        let counts = [
            Value::Int(self.payments),
            Value::Int(self.attributed),
            Value::Int(self.payments - self.attributed),
            Value::Int(self.with_network),
            Value::Int(self.with_conversation),
        ];
        counts.into_iter().chain(rate_cells(self.attributed, self.payments))
    }
}

fn compute(question: &Question, frames: &Frames) -> Result<Outcome, MetricError> {
    let asked = question.group_by.len();
    // Where it is asked for, the provider stands among the groups already.
    let own = !question.group_by.contains(&PROVIDER);
    let names: Vec<&str> = question
        .group_by
        .iter()
        .copied()
        .chain(own.then_some(PROVIDER))
        .collect();
    let frame = frames.get("coverage")?;
    let at = buckets(frame, &Cells::of(&question.range))?;
    let column = |name| counts(frame, name);
    let (payments, attributed) = (column("payments")?, column("attributed")?);
    let (with_network, with_conversation) = (column("with_network")?, column("with_conversation")?);
    let mut grid: Grid<Joined> = Grid::new(question.range.buckets.len());
    let mut groups = groups(frame, &names)?;
    let at_provider = names.iter().position(|name| *name == PROVIDER).unwrap_or(asked);
    let left_out = top::fold(&mut groups, (PROVIDER, at_provider), &payments, question.most_values);
    for (row, group) in groups.iter().enumerate() {
        if let Some(joined) = grid.at(at[row], group) {
            joined.payments += payments[row];
            joined.attributed += attributed[row];
            joined.with_network += with_network[row];
            joined.with_conversation += with_conversation[row];
        }
    }
    let mut sheet = Sheet::new(question, if own { COLUMNS } else { &COLUMNS[1..] });
    let rows = grid.finish(names.len());
    for (bucket, group, joined) in by_bucket(&rows, question.range.buckets.len()) {
        let provider = own.then(|| text(group.last().and_then(Option::as_deref)));
        sheet.push(bucket, &group[..asked], provider.into_iter().chain(joined.cells()));
    }
    Ok(Outcome {
        table: sheet.finish(),
        left_out,
        ..Outcome::default()
    })
}
