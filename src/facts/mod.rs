//! Facts: entities folded from their events by pure, commutative, idempotent functions.
//!
//! Frames go in and come out; times are microseconds since 1970 (`Int64`) on the way in and
//! `Datetime` on the way out, money is minor units. A fact depends on the set of its events
//! only: every function sorts by (time, source, id) before it looks at order.

pub mod bots;
pub mod checkouts;
pub mod conversations;
pub mod fact;
pub mod names;
pub mod payments;

use polars::prelude::*;

/// The first value that is there, in the order of the sorted events.
fn first(name: &str) -> Expr {
    col(name).drop_nulls().first()
}

/// The first value that is there among the rows that fulfil `condition`.
fn first_where(name: &str, condition: Expr) -> Expr {
    col(name).filter(condition.and(col(name).is_not_null())).first()
}

/// A join whose rows stay in the order of the left side; others may lose it, and with it what came first.
fn in_order(how: JoinType) -> JoinArgs {
    JoinArgs {
        maintain_order: MaintainOrderJoin::Left,
        ..JoinArgs::new(how)
    }
}

/// Rows of any of these kinds.
fn kind_in(kinds: &[&str]) -> Expr {
    kinds
        .iter()
        .map(|kind| col("kind").eq(lit(*kind)))
        .reduce(Expr::or)
        .unwrap_or_else(|| lit(false))
}

/// Microseconds as instants, for the tables.
fn instants(names: &[&str]) -> Vec<Expr> {
    names
        .iter()
        .map(|name| col(*name).cast(DataType::Datetime(TimeUnit::Microseconds, None)))
        .collect()
}

/// A sum of minor units that cannot wrap: exact in 128 bits, and held at the largest storable amount.
fn money_sum(minor: Expr) -> Expr {
    let sum = minor.cast(DataType::Int128).sum();
    let most = || lit(i64::MAX).cast(DataType::Int128);
    when(sum.clone().gt(most()))
        .then(most())
        .otherwise(sum)
        .cast(DataType::Int64)
}
