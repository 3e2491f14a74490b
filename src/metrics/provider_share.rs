//! Provider share: who processes the money, over which network, method or wallet, and how concentrated that is.

use chrono::TimeDelta;
use polars::prelude::{DataFrame, DataType, IntoLazy, LazyFrame, UniqueKeepStrategy, col, lit, when};

use super::column::{Column, Role};
use super::concentration::concentration;
use super::converting::Converter;
use super::money;
use super::payments::{BASIS, movements};
use super::rows::{counts, nulls_equal};
use super::scope::{Scope, count_rows, whole};
use super::top::{SIZE, Top};
use super::{Answer, Definition, Metric, MetricError, Parameter, Question, REPORT_DAYS, Takes};
use crate::facts::fact::CAPTURES;

/// The metric.
pub const METRIC: Metric = Metric {
    name: "provider-share",
    title: "Provider share",
    definition: Definition {
        changes: &["Network, method and wallet of a payment are those of one attempt, the captured one first."],
        text: "Four dimensions that are never mixed: provider (who processes), network (the card network), method and \
               wallet, the last three as the captured attempt names them, and if it names none, as the facts without \
               an attempt do; `dimension` chooses one. payments counts payments at their first capture; gross, \
               refunded and disputed_lost are movements at their own date (basis=activity), or refunds, disputes and \
               reversals at the payment's first capture, else its first fact (basis=cohort); net = gross - refunded - \
               disputed_lost - reversed. Shares are of all payments of the bucket and sum to 1 (share_by_count with \
               its n and 95 % Wilson interval), with `none` (a method without a network or wallet) and `unknown` as \
               values of their own. hhi is the sum of squared shares by count in per cent over the named values, \
               renormalised to them (0 to 10,000), covered_share their share of all payments, effective_number 10,000 \
               / hhi, top1 the largest share_by_count of a named value. A value seen in the 90 days before the range \
               has a row even if it does not occur in the range. Amounts are in the reporting currency at the last \
               rate published on or before the UTC day of the payment's first capture, none older than 7 days, \
               rounded once; with currency=original there is a row for each currency, and shares are within it.",
        numerator: "payments (gross) of the value",
        denominator: "payments (gross) of all values in the bucket and group",
        excludes: &[
            "payments without a capture",
            "amounts without an exchange rate, from all sums of money",
            "`none` and `unknown`, from hhi, hhi_by_amount, effective_number and top1",
            "events of the other mode",
        ],
    },
    dimensions: CAPTURES.dimensions,
    parameters: &[DIMENSION, BASIS],
    default_days: REPORT_DAYS,
    columns: &[
        Column::key(VALUE).means("The provider, network, method or wallet."),
        Column::key("currency").means("Currency of the amounts."),
        Column::count("payments", "payments").means("Payments of the value, at their first capture."),
        Column::amount("gross").means("Money captured."),
        Column::amount("refunded").means("Money refunded."),
        Column::amount("disputed_lost").means("Money lost in disputes."),
        Column::amount("net").means("gross - refunded - disputed_lost - reversed."),
        Column::rate("share_by_count", "payments", "share_by_count_n")
            .means("payments / payments of all values of the bucket and group."),
        Column::new("share_by_count_n", Role::Distinct)
            .of("payments")
            .means("Payments of all values of the bucket and group."),
        Column::interval("share_by_count_ci_low", "share_by_count_ci_high", "share_by_count"),
        Column::number("share_by_amount", "ratio").means("gross / gross of all values of the bucket and group."),
        Column::number("hhi", "points").means("Herfindahl-Hirschman index of the named values by count, 0 to 10,000."),
        Column::number("hhi_by_amount", "points").means("The same by gross."),
        Column::number("effective_number", "values")
            .means("10,000 / hhi: as many equal values would be as concentrated."),
        Column::number("top1", "ratio").means("Largest share_by_count of a named value."),
        Column::number("covered_share", "ratio").means("Share of the payments that the named values have."),
    ],
    compute,
};

const VALUE: &str = "value";
/// A value seen this many days before the range has rows.
const SILENT_DAYS: i64 = 90;

/// What shares are of.
pub(super) const DIMENSION: Parameter = Parameter {
    name: "dimension",
    default: "provider",
    help: "provider, network, method or wallet",
    takes: Takes::OneOf(&["provider", "network", "method", "wallet"]),
};

/// The asked dimension.
pub(super) fn dimension(question: &Question) -> &'static str {
    question.word("dimension")
}

fn compute(scope: &Scope) -> Result<Answer, MetricError> {
    let own = scope.by_currency(&[VALUE]);
    let value = || col(dimension(scope.question)).alias(VALUE);
    let mut converter = Converter::of(scope)?;
    let since = scope.question.range.from - TimeDelta::days(SILENT_DAYS);
    let captures = scope.facts_since(since, &CAPTURES, &[dimension(scope.question), "currency"])?;
    let columns = [
        "kind",
        "minor",
        "payment_key",
        "currency",
        "rate_day",
        dimension(scope.question),
    ];
    let moved = scope.facts(movements(scope.question), &columns)?.with_column(value());
    let payments = count_rows().alias("payments");
    let counted = captures
        .with_column(value())
        .group_by(scope.keys(&own))
        .agg([payments])
        .collect()?;
    let moved = converter.price(moved, money::is_moved())?.collect()?;

    let [gross, ..] = money::movement_sums();
    let gross = converter.sums(moved.clone().lazy(), &scope.key_names(&own), &[gross])?;
    let concentrated = concentration(scope, counted.clone().lazy(), gross, &own)?;

    let top = top(scope, &counted, &moved)?;
    let (counted, moved) = (top.applied(counted.lazy(), VALUE), top.applied(moved.lazy(), VALUE));
    let unconverted = moved
        .clone()
        .group_by(scope.keys(&own))
        .agg([money::unconverted(scope).alias("unconverted")]);
    let counted = counted.group_by(scope.keys(&own)).agg([col("payments").sum()]);
    let counted = known(scope, counted, &moved)?;
    let sums = converter.sums(moved, &scope.key_names(&own), &money::movement_sums())?;
    let rows = scope.complete(vec![counted, unconverted, sums], &own)?;
    let unconverted = counts(&rows, "unconverted")?.iter().sum();
    let whole = scope.keys(&scope.by_currency(&[]));
    let rows = shares(scope, money::net(rows)?)?.join(concentrated.lazy(), whole.clone(), whole, nulls_equal());
    Ok(Answer {
        warnings: converter.warning(unconverted).into_iter().collect(),
        rates: converter.uses(),
        left_out: top.left_out(),
        ..Answer::of(rows.collect()?)
    })
}

/// The values with the most payments in the range; money may have moved of others too.
fn top(scope: &Scope, counted: &DataFrame, moved: &DataFrame) -> Result<Top, MetricError> {
    let in_range = when(col("bucket").is_null())
        .then(whole(0))
        .otherwise(col("payments"))
        .alias(SIZE);
    let counted = counted.clone().lazy().select([col(VALUE), in_range]);
    let moved = moved.clone().lazy().select([col(VALUE), whole(0).alias(SIZE)]);
    let sizes = polars::prelude::concat([counted, moved], Default::default())?.collect()?;
    Top::of_frame(VALUE, VALUE, &sizes, scope.question.most_values)
}

/// What was counted. Without a conversion, values that were seen only before the range are silent in each currency of
/// the range, and in no other.
fn known(scope: &Scope, counted: LazyFrame, moved: &LazyFrame) -> Result<LazyFrame, MetricError> {
    if scope.question.currency.is_some() {
        return Ok(counted);
    }
    let here = counted.clone().filter(col("bucket").is_not_null());
    let currencies = [here.clone(), moved.clone()].map(|rows| rows.select([col("currency")]));
    let currencies = polars::prelude::concat(currencies, Default::default())?.unique(None, UniqueKeepStrategy::Any);
    let others = scope.names(&[VALUE]).into_iter().map(col).collect::<Vec<_>>();
    let silent = counted
        .filter(col("bucket").is_null())
        .select(others)
        .unique(None, UniqueKeepStrategy::Any);
    let silent = silent
        .cross_join(currencies, None)
        .with_column(lit(polars::prelude::NULL).cast(DataType::Int64).alias("bucket"));
    Ok(polars::prelude::concat_lf_diagonal([here, silent], Default::default())?)
}

/// The share of each value of the whole of its bucket and group, by count and by amount.
fn shares(scope: &Scope, rows: DataFrame) -> Result<LazyFrame, MetricError> {
    let whole = || scope.keys(&scope.by_currency(&[]));
    let gross = col("gross").fill_null(lit(0i64)).sum().over(whole())?;
    let float = |amount: polars::prelude::Expr| amount.cast(DataType::Float64);
    let share = when(gross.clone().gt(lit(0i64)))
        .then(float(col("gross")) / float(gross))
        .otherwise(lit(polars::prelude::NULL));
    Ok(rows.lazy().with_columns([
        col("payments").sum().over(whole())?.alias("share_by_count_n"),
        share.alias("share_by_amount"),
    ]))
}
