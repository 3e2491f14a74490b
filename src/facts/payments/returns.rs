//! Money that goes back, payment by payment: refunds first, and what reversals take beyond them and lost disputes.

use std::collections::HashMap;

use polars::prelude::*;

use super::super::{in_order, kind_in};
use super::captured;
use super::refunds::refunds;
use super::reversals::{Taken, reversals, take_back};
use super::stated::{Gone, Released, by_payment, stated};

/// What has gone back, and when.
pub(super) struct Returns {
    pub refunds: DataFrame,
    pub reversals: DataFrame,
}

/// Works out the refunds and reversals of every payment beside its captures and what its disputes lost.
pub(super) fn returns(events: LazyFrame, captures: &DataFrame, lost: &DataFrame) -> PolarsResult<Returns> {
    let facts = going_back(events.clone())?;
    let releases = releases(events)?;
    let (stated, released) = (stated(&facts)?, released(&releases)?);
    let (mut taken, mut refund_steps, mut reversal_steps) =
        (taken(captures, lost)?, Steps::default(), Steps::default());
    for (payment, rows) in by_payment(&facts)? {
        let (reversed, refunded): (Vec<_>, Vec<_>) =
            stated[rows].iter().copied().partition(|statement| statement.reversal);
        let reversed = reversals(&reversed);
        let refunded = refunds(&refunded, released.get(&payment).map_or(&[], Vec::as_slice), &reversed);
        let mut taken = taken.remove(&payment).unwrap_or_default();
        for (capture, minor) in &refunded.of_capture {
            *taken.back.entry(capture).or_default() += minor;
        }
        taken.left -= refunded.grown.last().map_or(0, |(_, total)| *total);
        taken.gone.extend(&refunded.gone);
        refund_steps.add(payment, refunded.grown);
        reversal_steps.add(payment, take_back(reversed, taken));
    }
    Ok(Returns {
        refunds: refund_steps.frame()?,
        reversals: reversal_steps.frame()?,
    })
}

/// Facts about money that goes back, of what may have been taken.
///
/// What was only reserved was never taken: providers call its release a refund too.
fn going_back(events: LazyFrame) -> PolarsResult<DataFrame> {
    let payment = || [col("payment_key")];
    let taken = captured().any(true).over(payment())?;
    let given_up = kind_in(&["transaction.cancelled"]).any(true).over(payment())?;
    let held = events
        .clone()
        .filter(kind_in(&["transaction.authorized"]))
        .group_by([col("payment_key"), col("attempt_id").alias("capture_id")])
        .agg([len().alias("holds")]);
    let only_held = || col("holds").is_not_null();
    let by = || [col("payment_key"), col("capture_id")];
    events
        .with_columns([taken.alias("is_taken"), given_up.alias("is_given_up")])
        .filter(kind_in(&["transaction.refunded", "transaction.reversed"]))
        .join(held, by(), by(), in_order(JoinType::Left))
        .filter(col("is_taken").or(col("is_given_up").or(only_held()).not()))
        .sort(["payment_key", "time", "source", "id"], Default::default())
        .collect()
}

/// The rest of each hold that was reported as a refund: if reports differ, the smallest is certain.
fn releases(events: LazyFrame) -> PolarsResult<DataFrame> {
    events
        .filter(col("released").is_not_null().and(col("capture").is_not_null()))
        .group_by([col("payment_key"), col("capture")])
        .agg([col("released").min(), col("time").min()])
        .sort(["payment_key", "capture"], Default::default())
        .collect()
}

fn released(releases: &DataFrame) -> PolarsResult<HashMap<i64, Vec<Released<'_>>>> {
    let (captures, minor) = (releases.column("capture")?.str()?, releases.column("released")?.i64()?);
    let time = releases.column("time")?.i64()?;
    let mut released = HashMap::new();
    for (payment, rows) in by_payment(releases)? {
        let of_payment = rows.map(|row| Released {
            capture: captures.get(row).unwrap_or_default(),
            minor: minor.get(row).unwrap_or_default(),
            at: time.get(row).unwrap_or_default(),
        });
        released.insert(payment, of_payment.collect());
    }
    Ok(released)
}

/// What was taken of each payment, and what its lost disputes have taken back.
fn taken<'a>(captures: &'a DataFrame, lost: &'a DataFrame) -> PolarsResult<HashMap<i64, Taken<'a>>> {
    let mut taken: HashMap<i64, Taken<'a>> = HashMap::new();
    let rows = |frame: &'a DataFrame| {
        let (payment, minor) = (frame.column("payment_key")?.i64()?, frame.column("minor")?.i64()?);
        let capture = frame.column("capture")?.str()?;
        let minor = minor.iter().map(|minor| i128::from(minor.unwrap_or_default()));
        PolarsResult::Ok(payment.iter().flatten().zip(minor).zip(capture.iter()))
    };
    for ((payment, minor), capture) in rows(captures)? {
        let taken = taken.entry(payment).or_default();
        *taken.captured.entry(capture.unwrap_or_default()).or_default() += minor;
        taken.left += minor;
    }
    for (((payment, minor), capture), dispute) in rows(lost)?.zip(lost.column("dispute")?.str()?.iter()) {
        let taken = taken.entry(payment).or_default();
        let capture = capture.filter(|name| !name.is_empty());
        if let Some(capture) = capture {
            *taken.back.entry(capture).or_default() += minor;
        }
        taken.left -= minor;
        taken.gone.push(Gone {
            id: dispute,
            capture,
            minor,
        });
    }
    Ok(taken)
}

/// Rows under construction: how much each sum grew, and when.
#[derive(Default)]
struct Steps {
    payment: Vec<i64>,
    at: Vec<i64>,
    minor: Vec<i64>,
}

impl Steps {
    /// Adds the growth of one payment's sum.
    fn add(&mut self, payment: i64, grown: Vec<(i64, i128)>) {
        let mut before = 0;
        for (at, total) in grown {
            let total = i64::try_from(total).unwrap_or(i64::MAX);
            if total <= before {
                continue;
            }
            let step = total - before;
            before = total;
            // What one moment states in several ways is one step.
            let same = (self.payment.last(), self.at.last()) == (Some(&payment), Some(&at));
            match self.minor.last_mut().filter(|_| same) {
                Some(last) => *last += step,
                None => {
                    self.payment.push(payment);
                    self.at.push(at);
                    self.minor.push(step);
                }
            }
        }
    }

    fn frame(self) -> PolarsResult<DataFrame> {
        df!("payment_key" => self.payment, "at" => self.at, "minor" => self.minor)
    }
}
