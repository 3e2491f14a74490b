//! Exchange rates: kept as they were received, so that an earlier moment is answered with what was known then.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use chrono::{DateTime, Utc};
use duckdb::Connection;
use tokio::sync::oneshot;

use super::prepared::stamped;
use super::queue::Command;
use crate::model::{Currency, Decimal, Param, Rate};
use crate::query;
use crate::store::{Store, StoreError, sql};

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

impl Store {
    /// Adds rates durably, all or none; returns after the commit.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn add_rates(&self, rates: Vec<Rate>) -> Result<RatesAdded, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.shared.disk.admit()?;
        self.shared.writer.try_send(Command::Rates { rates, reply })?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// As [`Store::add_rates`], from a thread of its own, waiting while the writer is behind.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] while shutting down, or what the database said.
    pub fn add_rates_queued(&self, rates: Vec<Rate>) -> Result<RatesAdded, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.shared.disk.admit()?;
        self.shared.writer.send_blocking(Command::Rates { rates, reply })?;
        answer.blocking_recv().map_err(|_| StoreError::Stopped)?
    }
}

type Key = (i32, Currency, Currency);

/// Writes what is new or differs in the open transaction.
pub(in crate::store) fn write(connection: &Connection, rates: &[Rate], stamp: i64) -> Result<RatesAdded, StoreError> {
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
        return Ok(added);
    }
    let mut appender = connection.appender("fx_rates")?;
    appender.append_record_batch(stamped(&batch(&fresh)?, stamp)?)?;
    appender.flush()?;
    Ok(added)
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

fn batch(rates: &[&Rate]) -> Result<RecordBatch, StoreError> {
    let field = |name, kind| Field::new(name, kind, false);
    let schema = Schema::new(vec![
        field("day", DataType::Int32),
        field("base", DataType::Utf8),
        field("quote", DataType::Utf8),
        field("digits", DataType::Int64),
        field("scale", DataType::Int32),
        field("source", DataType::Utf8),
    ]);
    let texts = |get: fn(&Rate) -> &str| -> ArrayRef {
        Arc::new(rates.iter().map(|rate| Some(get(rate))).collect::<StringArray>())
    };
    let scales = rates.iter().map(|rate| rate.decimal.scale as i32);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from_iter_values(rates.iter().map(|rate| rate.day))),
        texts(|rate| rate.base.code()),
        texts(|rate| rate.quote.code()),
        Arc::new(Int64Array::from_iter_values(
            rates.iter().map(|rate| rate.decimal.digits),
        )),
        Arc::new(Int32Array::from_iter_values(scales)),
        texts(|rate| &rate.source),
    ];
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}
