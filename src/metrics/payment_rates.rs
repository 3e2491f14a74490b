//! The four rates of payments: approval of attempts and of first attempts, success, and paid checkouts.
//!
//! An attempt is finished at its first approval or failure of any kind, and decided where it was approved or declined:
//! the first attempt of a payment is the first that finished, while success is told at the first that was decided.

use chrono::TimeDelta;
use polars::prelude::{DataFrame, IntoColumn, LazyFrame, NamedFrom, Series, col, lit};

use super::MetricError;
use super::converting::Converter;
use super::scope::{Scope, count_if, count_rows};
use crate::facts::fact::{ATTEMPTS, CHECKOUTS, DECISIONS};

/// Hours from a checkout in which a payment counts.
const CHECKOUT_HOURS: i64 = 24;

/// Approval of attempts and of first attempts, and success of payments.
pub(super) fn of_attempts(
    scope: &Scope,
    converter: &mut Converter,
    own: &[&'static str],
) -> Result<Vec<LazyFrame>, MetricError> {
    let keys = scope.keys(own);
    let attempts = scope.facts(
        &ATTEMPTS,
        &["approved", "decided", "first", "minor", "currency", "rate_day"],
    )?;
    let attempts = attempts.filter(col("decided"));
    let first = || col("first").and(col("approved"));
    let of_attempts = attempts.clone().group_by(keys.clone()).agg([
        count_if(col("approved")).alias("approved"),
        count_rows().alias("attempt_approval_n"),
        count_if(first()).alias("first_approved"),
        count_if(col("first")).alias("first_attempt_approval_n"),
    ]);
    let amounts = [
        ("attempt_amount", None),
        ("approved_amount", Some(col("approved"))),
        ("first_attempt_amount", Some(col("first"))),
        ("first_approved_amount", Some(first())),
    ];
    let attempt_amounts = converter.sums(attempts, &scope.key_names(own), &amounts)?;

    let decisions = scope.facts(&DECISIONS, &["captured", "minor", "currency", "rate_day"])?;
    let of_payments = decisions.clone().group_by(keys.clone()).agg([
        count_if(col("captured")).alias("succeeded"),
        count_rows().alias("payment_success_n"),
    ]);
    let amounts = [("decided_amount", None), ("succeeded_amount", Some(col("captured")))];
    let payment_amounts = converter.sums(decisions, &scope.key_names(own), &amounts)?;
    Ok(vec![of_attempts, attempt_amounts, of_payments, payment_amounts])
}

/// The rates by amount, from the sums of [`of_attempts`]; null where the denominator is 0.
pub(super) fn by_amount(mut rows: DataFrame) -> Result<DataFrame, MetricError> {
    let rates = [
        ("attempt_approval_by_amount", "approved_amount", "attempt_amount"),
        (
            "first_attempt_approval_by_amount",
            "first_approved_amount",
            "first_attempt_amount",
        ),
        ("payment_success_by_amount", "succeeded_amount", "decided_amount"),
    ];
    for (name, hits, whole) in rates {
        let amounts = rows
            .column(hits)?
            .i128()?
            .iter()
            .zip(rows.column(whole)?.i128()?.iter());
        let rate = |(hits, whole): (Option<i128>, Option<i128>)| {
            let whole = whole.filter(|whole| *whole > 0)?;
            Some(hits.unwrap_or(0) as f64 / whole as f64)
        };
        let rates: Vec<Option<f64>> = amounts.map(rate).collect();
        rows.with_column(Series::new(name.into(), rates).into_column())?;
    }
    Ok(rows)
}

/// Checkouts whose window is over; nothing where the question splits or filters by what a checkout does not have, such
/// as a provider, or by currency: it has none until somebody pays.
pub(super) fn of_checkouts(scope: &Scope) -> Result<Option<LazyFrame>, MetricError> {
    let question = scope.question;
    let filtered = question.filters.iter().map(|filter| filter.dimension);
    let mut used = question.group_by.iter().copied().chain(filtered);
    if question.currency.is_none() || used.any(|name| CHECKOUTS.dimension(name).is_none()) {
        return Ok(None);
    }
    let window = TimeDelta::hours(CHECKOUT_HOURS);
    let micros = window.num_microseconds().unwrap_or(i64::MAX);
    let over = col("time").lt_eq(lit((question.as_of - window).timestamp_micros()));
    let checkouts = scope.facts(&CHECKOUTS, &["paid_after"])?.filter(over);
    Ok(Some(checkouts.group_by(scope.keys(&[])).agg([
        count_rows().alias("checkout_conversion_n"),
        count_if(col("paid_after").lt_eq(lit(micros))).alias("paid_checkouts"),
    ])))
}
