//! What facts state about money that goes back, payment by payment.

use polars::prelude::*;

/// How far clocks of one provider may differ, in microseconds.
pub(super) const SKEW: i64 = 60_000_000;

/// One statement about money that goes back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stated<'a> {
    pub at: i64,
    /// A reversal, else a refund.
    pub reversal: bool,
    /// The refund's or reversal's own id.
    pub id: Option<&'a str>,
    /// The event that states it.
    pub event: (&'a str, &'a str),
    /// The capture that it names itself.
    pub named_capture: Option<&'a str>,
    /// The capture that it is about, if that is known.
    pub capture: Option<&'a str>,
    /// None where it states no amount, or one in another currency than the payment's.
    pub minor: Option<i64>,
    /// Its amount is in another currency than the payment's.
    pub foreign: bool,
    /// How much of a hold it tells to have been released, beside `minor`.
    pub released: i64,
    /// It is the sum so far.
    pub cumulative: bool,
    /// Not done yet.
    pub pending: bool,
    /// It failed, or was taken back.
    pub failed: bool,
}

/// Money that has gone back, by a refund or a lost dispute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone<'a> {
    pub id: Option<&'a str>,
    pub capture: Option<&'a str>,
    pub minor: i128,
}

/// The rest of a hold that a provider calls a refund as well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Released<'a> {
    pub capture: &'a str,
    pub minor: i64,
    /// When it was first told.
    pub at: i64,
}

/// The lesser of what is known: of several statements the choice depends on none of their order.
pub(super) fn least<T: Ord>(known: Option<T>, more: Option<T>) -> Option<T> {
    match (known, more) {
        (Some(known), Some(more)) => Some(known.min(more)),
        (known, more) => known.or(more),
    }
}

/// The rows of each payment, in their order.
pub(super) fn by_payment(frame: &DataFrame) -> PolarsResult<Vec<(i64, std::ops::Range<usize>)>> {
    let mut payments: Vec<(i64, std::ops::Range<usize>)> = Vec::new();
    for (row, payment) in frame.column("payment_key")?.i64()?.iter().enumerate() {
        let payment = payment.ok_or_else(|| polars_err!(NoData: "a fact of no payment"))?;
        match payments.last_mut() {
            Some((last, rows)) if *last == payment => rows.end = row + 1,
            _ => payments.push((payment, row..row + 1)),
        }
    }
    Ok(payments)
}

/// The statements of facts, row by row.
pub(super) fn stated(facts: &DataFrame) -> PolarsResult<Vec<Stated<'_>>> {
    let text = |name: &str| facts.column(name)?.str();
    let (kind, source, id, currency) = (text("kind")?, text("source")?, text("id")?, text("currency")?);
    let (refund_id, capture, capture_id) = (text("refund_id")?, text("capture")?, text("capture_id")?);
    let failure = text("failure_kind")?;
    let int = |name: &str| facts.column(name)?.i64();
    let (time, minor, released) = (int("time")?, int("minor")?, int("released")?);
    let (cumulative, pending) = (facts.column("cumulative")?.bool()?, facts.column("pending")?.bool()?);
    let row = |row: usize| Stated {
        at: time.get(row).unwrap_or_default(),
        reversal: kind.get(row) == Some("transaction.reversed"),
        id: refund_id.get(row),
        event: (source.get(row).unwrap_or_default(), id.get(row).unwrap_or_default()),
        named_capture: capture_id.get(row),
        // A capture that nobody gave a name might be any.
        capture: capture.get(row).filter(|name| !name.is_empty()),
        minor: minor.get(row),
        foreign: minor.get(row).is_none() && currency.get(row).is_some(),
        released: released.get(row).unwrap_or_default(),
        cumulative: cumulative.get(row) == Some(true),
        pending: pending.get(row) == Some(true),
        failed: failure.get(row).is_some(),
    };
    Ok((0..facts.height()).map(row).collect())
}
