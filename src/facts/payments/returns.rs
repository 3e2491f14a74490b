//! Money that goes back: refunds and reversals, stated one by one or as the sum so far.
//!
//! Both ways tell of the same money: at every moment as much has gone back as the larger of the two says.
//! So a refund that is stated both ways counts once, and one whose own statement was missed still counts.

use std::collections::{HashMap, HashSet};

use polars::prelude::*;

use super::movements::going_back;

/// One statement about money that goes back.
struct Stated<'a> {
    at: i64,
    /// Which part of it; none where the statement is of all so far.
    part: Option<(&'a str, &'a str)>,
    /// None where it is in another currency than the payment.
    minor: Option<i64>,
    /// It failed, or was taken back.
    undone: bool,
}

/// The steps by which refunds grew.
pub(super) fn refunds(events: LazyFrame) -> PolarsResult<DataFrame> {
    let facts = going_back(events, "transaction.refunded")?;
    let columns = Columns::of(&facts, &["refund_id"])?;
    let mut steps = Steps::default();
    for (payment, rows) in columns.payments()? {
        let stated: Vec<Stated> = rows
            .map(|row| columns.stated(row, columns.is_cumulative(row)))
            .collect();
        steps.add(payment, grown(&stated), i64::MAX);
    }
    steps.frame()
}

/// What reversals take back beyond refunds and lost disputes: the same money never goes twice.
pub(super) fn reversals(events: LazyFrame, movements: &DataFrame) -> PolarsResult<DataFrame> {
    let refunded = going_back(events.clone(), "transaction.refunded")?;
    let mut known = Known::of(movements)?;
    known.add_amounts(&refunded)?;
    let facts = going_back(events, "transaction.reversed")?;
    let columns = Columns::of(&facts, &["refund_id", "capture_id"])?;
    let mut steps = Steps::default();
    for (payment, rows) in columns.payments()? {
        let left = known.left(payment);
        let stated: Vec<Stated> = rows
            .filter(|row| !columns.in_another_currency(*row))
            .map(|row| {
                let unnamed = columns.name(row).is_none();
                let stated = columns.stated(row, unnamed);
                // Without an amount, all that is left is reversed.
                let minor = stated.minor.unwrap_or(left);
                Stated {
                    minor: Some(minor).filter(|minor| !known.has(payment, *minor)),
                    // A failure tells why the money was taken back.
                    undone: false,
                    ..stated
                }
            })
            .collect();
        steps.add(payment, grown(&stated), left);
    }
    steps.frame()
}

/// The moments at which the sum grew, and what it then was.
///
/// Each part counts with its largest amount from its first statement on, an undone one not at all; as
/// sums so far may still hold what was undone, it is taken off them.
fn grown(stated: &[Stated]) -> Vec<(i64, i128)> {
    let mut parts: HashMap<(&str, &str), (i128, bool)> = HashMap::new();
    for statement in stated {
        if let Some(part) = statement.part {
            let (largest, undone) = parts.entry(part).or_default();
            *largest = (*largest).max(statement.minor.unwrap_or(0).into());
            *undone |= statement.undone;
        }
    }
    let undone: i128 = parts
        .values()
        .filter(|(_, undone)| *undone)
        .map(|(largest, _)| largest)
        .sum();
    let (mut sum, mut so_far, mut total) = (0_i128, 0_i128, 0_i128);
    let mut grown = Vec::new();
    for statement in stated {
        match statement.part {
            // Only the first statement of a part finds it.
            Some(part) => {
                if let Some((largest, false)) = parts.remove(&part) {
                    sum += largest;
                }
            }
            None => so_far = so_far.max(statement.minor.unwrap_or(0).into()),
        }
        let now = sum.max(so_far - undone);
        if now > total {
            total = now;
            grown.push((statement.at, total));
        }
    }
    grown
}

/// The columns of sorted facts.
struct Columns<'a> {
    payment: &'a Int64Chunked,
    time: &'a Int64Chunked,
    minor: &'a Int64Chunked,
    source: &'a StringChunked,
    id: &'a StringChunked,
    currency: &'a StringChunked,
    failure_kind: &'a StringChunked,
    cumulative: &'a BooleanChunked,
    /// Where a part's name may stand.
    names: Vec<&'a StringChunked>,
}

impl<'a> Columns<'a> {
    fn of(facts: &'a DataFrame, names: &[&str]) -> PolarsResult<Self> {
        Ok(Columns {
            payment: facts.column("payment_key")?.i64()?,
            time: facts.column("time")?.i64()?,
            minor: facts.column("minor")?.i64()?,
            source: facts.column("source")?.str()?,
            id: facts.column("id")?.str()?,
            currency: facts.column("currency")?.str()?,
            failure_kind: facts.column("failure_kind")?.str()?,
            cumulative: facts.column("cumulative")?.bool()?,
            names: names
                .iter()
                .map(|name| facts.column(name)?.str())
                .collect::<PolarsResult<_>>()?,
        })
    }

    /// The rows of each payment.
    fn payments(&self) -> PolarsResult<Vec<(i64, std::ops::Range<usize>)>> {
        let mut payments: Vec<(i64, std::ops::Range<usize>)> = Vec::new();
        for (row, payment) in self.payment.iter().enumerate() {
            let payment = payment.ok_or_else(|| polars_err!(NoData: "a fact of no payment"))?;
            match payments.last_mut() {
                Some((last, rows)) if *last == payment => rows.end = row + 1,
                _ => payments.push((payment, row..row + 1)),
            }
        }
        Ok(payments)
    }

    fn name(&self, row: usize) -> Option<&'a str> {
        self.names.iter().find_map(|names| names.get(row))
    }

    fn is_cumulative(&self, row: usize) -> bool {
        self.cumulative.get(row) == Some(true)
    }

    fn in_another_currency(&self, row: usize) -> bool {
        self.minor.get(row).is_none() && self.currency.get(row).is_some()
    }

    /// One row; a part without a name is told by the event that states it.
    fn stated(&self, row: usize, so_far: bool) -> Stated<'a> {
        let event = || (self.source.get(row).unwrap_or(""), self.id.get(row).unwrap_or(""));
        let part = self.name(row).map_or_else(event, |name| (name, ""));
        Stated {
            at: self.time.get(row).unwrap_or_default(),
            part: (!so_far).then_some(part),
            minor: self.minor.get(row),
            undone: self.failure_kind.get(row).is_some(),
        }
    }
}

/// What other movements already say about each payment.
#[derive(Default)]
struct Known {
    left: HashMap<i64, i128>,
    amounts: HashSet<(i64, i64)>,
}

impl Known {
    fn of(movements: &DataFrame) -> PolarsResult<Self> {
        let mut known = Known::default();
        let (payment, minor) = (
            movements.column("payment_key")?.i64()?,
            movements.column("minor")?.i64()?,
        );
        let kinds = movements.column("kind")?.str()?;
        for ((payment, minor), kind) in payment.iter().zip(minor.iter()).zip(kinds.iter()) {
            let (Some(payment), Some(minor)) = (payment, minor) else {
                continue;
            };
            match kind {
                Some("capture") => *known.left.entry(payment).or_default() += i128::from(minor),
                Some("refund" | "dispute_lost") => {
                    *known.left.entry(payment).or_default() -= i128::from(minor);
                    known.amounts.insert((payment, minor));
                }
                _ => {}
            }
        }
        Ok(known)
    }

    /// Refunds as they were stated: a sum so far may have counted several in one step.
    fn add_amounts(&mut self, refunded: &DataFrame) -> PolarsResult<()> {
        let columns = Columns::of(refunded, &[])?;
        for row in 0..refunded.height() {
            if let (Some(payment), Some(minor), None) = (
                columns.payment.get(row),
                columns.minor.get(row),
                columns.failure_kind.get(row),
            ) {
                self.amounts.insert((payment, minor));
            }
        }
        Ok(())
    }

    /// What was taken and has not gone back, as far as it can be stored.
    fn left(&self, payment: i64) -> i64 {
        let left = self.left.get(&payment).copied().unwrap_or(0).max(0);
        i64::try_from(left).unwrap_or(i64::MAX)
    }

    fn has(&self, payment: i64, minor: i64) -> bool {
        self.amounts.contains(&(payment, minor))
    }
}

/// Rows under construction: how much each sum grew, and when.
#[derive(Default)]
struct Steps {
    payment: Vec<i64>,
    at: Vec<i64>,
    minor: Vec<i64>,
}

impl Steps {
    /// Adds the growth of one payment's sum, up to `most`.
    fn add(&mut self, payment: i64, grown: Vec<(i64, i128)>, most: i64) {
        let mut before = 0;
        for (at, total) in grown {
            let total = i64::try_from(total).unwrap_or(i64::MAX).min(most);
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
