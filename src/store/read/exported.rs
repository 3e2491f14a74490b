//! Reading an export back: the rows of its Parquet files as events.

use std::path::Path;

use duckdb::types::{FromSql, Value};
use duckdb::{Connection, Row, ToSql};

use crate::model::{
    Acquisition, CheckoutPath, Credential, Currency, Direction, DisputeOutcome, DisputeStage, Event, EventType,
    FailureKind, Ignored, Mode, Money, TimeOrigin,
};
use crate::query;
use crate::store::{StoreError, sql};

/// Events that are handed on at a time.
const BLOCK: usize = 10_000;

/// Reads one Parquet file of an export and hands its events on in blocks.
pub fn read(
    connection: &Connection,
    file: &Path,
    take: &mut dyn FnMut(Vec<Event>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let name = file.to_str().ok_or_else(|| odd("the file's name is not valid UTF-8"))?;
    let failed = |error: duckdb::Error| {
        // DuckDB shows below where in the query it is.
        odd(error.to_string().lines().next().unwrap_or_default())
    };
    let mut statement = connection
        .prepare(query!("ingest/exported_events").sql)
        .map_err(failed)?;
    let mut rows = statement.query(&[("file", &name as &dyn ToSql)][..]).map_err(failed)?;
    let mut block = Vec::with_capacity(BLOCK);
    while let Some(row) = rows.next().map_err(failed)? {
        block.push(Cells { row, next: 0 }.event()?);
        if block.len() == BLOCK {
            take(std::mem::replace(&mut block, Vec::with_capacity(BLOCK)))?;
        }
    }
    if block.is_empty() { Ok(()) } else { take(block) }
}

fn odd(what: &str) -> StoreError {
    StoreError::NoExport(what.to_owned())
}

/// The cells of a row, one after the other, in the order of the query.
struct Cells<'a, 'b> {
    row: &'a Row<'b>,
    next: usize,
}

impl Cells<'_, '_> {
    fn cell<T: FromSql>(&mut self) -> Result<T, StoreError> {
        let at = self.next;
        self.next += 1;
        let wrong = |_| odd("a cell has another type than its column");
        self.row.get(at).map_err(wrong)
    }

    fn text(&mut self) -> Result<Option<String>, StoreError> {
        self.cell()
    }

    /// A word of a closed vocabulary.
    fn word<T>(&mut self, parse: fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
        let Some(word) = self.text()? else { return Ok(None) };
        match parse(&word) {
            None => Err(odd("it has a word that is not known here")),
            known => Ok(known),
        }
    }

    fn needed<T>(cell: Option<T>) -> Result<T, StoreError> {
        cell.ok_or_else(|| odd("it lacks a value that every event has"))
    }

    fn money(&mut self) -> Result<Option<Money>, StoreError> {
        match (self.cell::<Option<i64>>()?, self.text()?) {
            (None, _) => Ok(None),
            (Some(minor), Some(code)) if minor >= 0 => match Currency::parse(&code) {
                Some(currency) => Ok(Some(Money { minor, currency })),
                None => Err(odd("it has a currency that is not known here")),
            },
            _ => Err(odd("it has an invalid amount")),
        }
    }

    fn names(&mut self) -> Result<Vec<String>, StoreError> {
        let names = match self.cell::<Value>()? {
            Value::Null => return Ok(Vec::new()),
            Value::List(names) => names,
            _ => return Err(odd("the other ids of a payment are not a list")),
        };
        let text = |name| match name {
            Value::Text(name) => Ok(name),
            _ => Err(odd("another id of a payment is not a text")),
        };
        names.into_iter().map(text).collect()
    }

    /// The event of the row. Every field is named, so that a new one cannot be forgotten.
    fn event(mut self) -> Result<Event, StoreError> {
        Ok(Event {
            source: Self::needed(self.text()?)?,
            id: Self::needed(self.text()?)?,
            kind: Self::needed(self.word(EventType::parse)?)?,
            subject: self.text()?,
            time: sql::instant(self.cell()?)?,
            time_origin: Self::needed(self.word(TimeOrigin::parse)?)?,
            platform: self.text()?,
            bot_id: self.text()?,
            conversation_id: self.text()?,
            user_id: self.text()?,
            country: self.text()?,
            name: self.text()?,
            category: self.text()?,
            developer_id: self.text()?,
            payments_enabled: self.cell()?,
            acquisition: self.word(Acquisition::parse)?,
            direction: self.word(Direction::parse)?,
            item_id: self.text()?,
            item_count: self.cell()?,
            checkout_id: self.text()?,
            path: self.word(CheckoutPath::parse)?,
            credential: self.word(Credential::parse)?,
            provider: self.text()?,
            payment_id: self.text()?,
            attempt_id: self.text()?,
            capture_id: self.text()?,
            refund_id: self.text()?,
            dispute_id: self.text()?,
            method: self.text()?,
            network: self.text()?,
            brand: self.text()?,
            wallet: self.text()?,
            amount: self.money()?,
            cumulative: self.cell()?,
            pending: self.cell()?,
            released: self.cell()?,
            decline_code: self.text()?,
            failure_kind: self.word(FailureKind::parse)?,
            stage: self.word(DisputeStage::parse)?,
            outcome: self.word(DisputeOutcome::parse)?,
            mode: Self::needed(self.word(Mode::parse)?)?,
            extra: self.text()?,
            notice: self.text()?,
            reason: self.text()?,
            aliases: self.names()?,
            content: self.cell()?,
            former: None,
            ignored: Ignored::default(),
            no_ids: Vec::new(),
        })
    }
}
