//! Exchange rates: kept as they were received, so that an earlier moment is answered with what was known then.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use duckdb::Connection;
use polars::prelude::*;

use crate::model::{Currency, Decimal, Param, Rate};
use crate::query;
use crate::store::{StoreError, sql};

/// What became of a group of rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RatesAdded {
    /// Rates of a day, base and quote that had none.
    pub new: usize,
    /// Rates that differ from the one known before; they count from now on.
    pub replaced: usize,
    /// Rates known before.
    pub unchanged: usize,
    /// The stamp of the commit; `None` where nothing changed.
    pub received_at: Option<DateTime<Utc>>,
}

type Key = (i32, Currency, Currency);

/// Writes what is new or differs in the open transaction; true if there was anything.
pub fn write(connection: &Connection, rates: &[Rate], stamp: i64) -> Result<(RatesAdded, bool), StoreError> {
    let known = known(connection, rates)?;
    let mut added = RatesAdded::default();
    let mut fresh = Vec::new();
    for rate in rates {
        match known.get(&(rate.day, rate.base, rate.quote)) {
            Some(before) if before == rate => added.unchanged += 1,
            Some(_) => added.replaced += 1,
            None => added.new += 1,
        }
        if known.get(&(rate.day, rate.base, rate.quote)) != Some(rate) {
            fresh.push(rate);
        }
    }
    if fresh.is_empty() {
        return Ok((added, false));
    }
    sql::append(connection, "fx_rates", &rows(&fresh, stamp)?)?;
    added.received_at = Some(sql::instant(stamp)?);
    Ok((added, true))
}

/// The rates known of the days that these span.
fn known(connection: &Connection, rates: &[Rate]) -> Result<HashMap<Key, Rate>, StoreError> {
    let days = || rates.iter().map(|rate| i64::from(rate.day));
    let (Some(first), Some(last)) = (days().min(), days().max()) else {
        return Ok(HashMap::new());
    };
    let params = vec![("first", Param::Int(first)), ("last", Param::Int(last))];
    let frame = sql::frame(connection, &query!("ingest/known_rates"), &params, usize::MAX)?;
    let int = |name: &str| frame.column(name).and_then(|column| column.i64().cloned());
    let text = |name: &str| frame.column(name).and_then(|column| column.str().cloned());
    let (day, digits, scale) = (int("day")?, int("digits")?, int("scale")?);
    let (base, quote, source) = (text("base")?, text("quote")?, text("source")?);
    let rate = |row: usize| {
        Some(Rate {
            day: i32::try_from(day.get(row)?).ok()?,
            base: Currency::parse(base.get(row)?)?,
            quote: Currency::parse(quote.get(row)?)?,
            decimal: Decimal {
                digits: digits.get(row)?,
                scale: u32::try_from(scale.get(row)?).ok()?,
            },
            source: source.get(row)?.into(),
        })
    };
    (0..frame.height())
        .map(|row| {
            let rate = rate(row).ok_or(StoreError::Corrupt("a rate is none"))?;
            Ok(((rate.day, rate.base, rate.quote), rate))
        })
        .collect()
}

/// The rates in the columns of their table.
fn rows(rates: &[&Rate], stamp: i64) -> PolarsResult<DataFrame> {
    let stamps = Series::new("received_at".into(), vec![stamp; rates.len()]);
    let texts = |get: fn(&Rate) -> &str| rates.iter().map(|rate| get(rate)).collect::<Vec<_>>();
    df!(
        "received_at" => stamps.cast(&DataType::Datetime(TimeUnit::Microseconds, None))?,
        "day" => rates.iter().map(|rate| rate.day).collect::<Vec<_>>(),
        "base" => texts(|rate| rate.base.code()),
        "quote" => texts(|rate| rate.quote.code()),
        "digits" => rates.iter().map(|rate| rate.decimal.digits).collect::<Vec<_>>(),
        "scale" => rates.iter().map(|rate| rate.decimal.scale as i32).collect::<Vec<_>>(),
        "source" => texts(|rate| &rate.source),
    )
}
