//! Appending events: judged one by one against everything accepted before, durable on return.

use std::collections::HashMap;

use arrow::array::{BooleanArray, Int64Array, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Schema};
use chrono::{DateTime, Utc};
use duckdb::Connection;
use tokio::sync::oneshot;

use super::identity::{Identities, Identity};
use super::prepared::{Prepared, stamped};
use super::queue::Command;
use crate::model::{Event, Param};
use crate::query;
use crate::store::{Store, StoreError, sql};

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendOutcome {
    /// New, and now durable.
    Accepted,
    /// The same event was accepted before; nothing changed.
    Duplicate,
    /// An event with this identity and other content was accepted before; the first stays.
    Conflict,
}

/// What became of a group of events.
#[derive(Debug, Clone)]
pub struct Appended {
    /// One outcome per event, in their order.
    pub outcomes: Vec<AppendOutcome>,
    /// The stamp of the commit.
    pub received_at: DateTime<Utc>,
}

/// One delivery of many commits, such as an import: none of its events changes figures that were shown while it lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Stamp of the last commit before it began, in microseconds; 0 where there was none.
    pub(in crate::store) shown: i64,
}

impl Store {
    /// Begins a delivery of many commits; what is committed by now may have been shown.
    pub fn delivery(&self) -> Delivery {
        Delivery {
            shown: self.shared.committed.borrow().timestamp_micros(),
        }
    }

    /// Appends events durably and once; returns after the commit.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the writer is behind and [`StoreError::Stopped`] while shutting
    /// down, in both cases with nothing taken; otherwise what the database said.
    pub async fn append(&self, events: Vec<Event>) -> Result<Appended, StoreError> {
        let appended = self.queue(None, events).await?.durable().await?;
        appended.ok_or(StoreError::Corrupt("a group without a mark was in conflict with it"))
    }

    /// Hands events to the writer; from then on the queue counts their bytes. With a `mark` before them, nothing is
    /// taken where that is in conflict.
    ///
    /// # Errors
    /// As [`Store::append`]; what the database says comes with [`Queued::durable`].
    pub async fn queue(&self, mark: Option<Event>, mut events: Vec<Event>) -> Result<Queued, StoreError> {
        let marked = mark.is_some();
        events.splice(..0, mark);
        let prepared = tokio::task::spawn_blocking(move || Prepared::new(&events)).await;
        let mut prepared = prepared.map_err(|_| StoreError::Stopped)??;
        prepared.marked = marked;
        let (reply, answer) = oneshot::channel();
        self.shared.disk.admit()?;
        self.shared.writer.try_send(Command::Append { prepared, reply })?;
        Ok(Queued { answer, marked })
    }

    /// Queues a prepared group of a delivery from a thread of its own, waiting while the writer is behind.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] while shutting down.
    pub fn append_queued(&self, mut prepared: Prepared, delivery: Delivery) -> Result<Pending, StoreError> {
        prepared.delivery = Some(delivery);
        let (reply, answer) = oneshot::channel();
        self.shared.disk.admit()?;
        self.shared.writer.send_blocking(Command::Append { prepared, reply })?;
        Ok(Pending(answer))
    }
}

/// Events that wait for the writer.
pub struct Queued {
    answer: oneshot::Receiver<Result<Appended, StoreError>>,
    marked: bool,
}

impl Queued {
    /// Waits for the commit; no outcome where the mark before the events is in conflict.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] while shutting down, or what the database said.
    pub async fn durable(self) -> Result<Option<Appended>, StoreError> {
        let Appended { outcomes, received_at } = self.answer.await.map_err(|_| StoreError::Stopped)??;
        let mut outcomes = outcomes.into_iter();
        let taken = !self.marked || outcomes.next() != Some(AppendOutcome::Conflict);
        Ok(taken.then(|| Appended {
            outcomes: outcomes.collect(),
            received_at,
        }))
    }
}

/// A queued group whose outcome is still to come.
pub struct Pending(oneshot::Receiver<Result<Appended, StoreError>>);

impl Pending {
    /// Waits for the commit; not to be called on an async thread.
    ///
    /// # Errors
    /// As [`Store::append`], but never [`StoreError::Busy`].
    pub fn wait(self) -> Result<Appended, StoreError> {
        self.0.blocking_recv().map_err(|_| StoreError::Stopped)?
    }
}

/// Judges several groups in order and writes what is new in the open transaction, under `stamp`.
///
/// `shown` is the stamp of the last commit of which figures had been shown. Returns the outcomes per group and the
/// identities to remember after the commit.
pub(in crate::store) fn write_groups(
    connection: &Connection,
    identities: &Identities,
    groups: &[Prepared],
    stamp: i64,
    shown: i64,
) -> Result<(Vec<Vec<AppendOutcome>>, Vec<Identity>), StoreError> {
    let all: Vec<Identity> = groups
        .iter()
        .flat_map(|group| group.identities.iter().copied())
        .collect();
    let mut known = identities.known(connection, &all)?;
    let mut fresh = Vec::new();
    let mut span = (i64::MAX, i64::MIN);
    let mut outcomes = Vec::with_capacity(groups.len());
    let mut events = connection.appender("events")?;
    for group in groups {
        let judged = judge(group, &mut known, &mut fresh);
        let keep: BooleanArray = judged
            .iter()
            .map(|outcome| Some(*outcome == AppendOutcome::Accepted))
            .collect();
        if keep.true_count() == group.len() {
            events.append_record_batch(stamped(&group.batch, stamp)?)?;
        } else if keep.true_count() > 0 {
            events.append_record_batch(stamped(&filter_record_batch(&group.batch, &keep)?, stamp)?)?;
        }
        for (time, _) in group
            .times
            .iter()
            .zip(&judged)
            .filter(|(_, outcome)| **outcome == AppendOutcome::Accepted)
        {
            span = (span.0.min(*time), span.1.max(*time));
        }
        outcomes.push(judged);
    }
    // An appender reports what went wrong only when it is flushed.
    events.flush()?;
    if !fresh.is_empty() {
        let mut keys = connection.appender("event_keys_recent")?;
        keys.append_record_batch(key_batch(&fresh)?)?;
        keys.flush()?;
        let params = vec![
            ("stamp", Param::Int(stamp)),
            ("events", Param::Int(fresh.len() as i64)),
            ("first", Param::Int(span.0)),
            ("last", Param::Int(span.1)),
            ("shown", Param::Int(shown)),
        ];
        sql::run(connection, &query!("ingest/commit"), &params)?;
    }
    Ok((outcomes, fresh))
}

fn judge(group: &Prepared, known: &mut HashMap<(i64, i64), i64>, fresh: &mut Vec<Identity>) -> Vec<AppendOutcome> {
    let ids = &group.identities;
    let differs = |mark: &Identity| {
        known
            .get(&(mark.high, mark.low))
            .is_some_and(|content| !mark.is(*content))
    };
    if group.marked && ids.first().is_some_and(differs) {
        return vec![AppendOutcome::Conflict; ids.len()];
    }
    ids.iter()
        .map(|id| match known.get(&(id.high, id.low)) {
            Some(content) if id.is(*content) => AppendOutcome::Duplicate,
            Some(_) => AppendOutcome::Conflict,
            None => {
                known.insert((id.high, id.low), id.content);
                fresh.push(*id);
                AppendOutcome::Accepted
            }
        })
        .collect()
}

fn key_batch(ids: &[Identity]) -> Result<RecordBatch, StoreError> {
    let column = |get: fn(&Identity) -> i64| -> std::sync::Arc<Int64Array> {
        std::sync::Arc::new(ids.iter().map(get).collect::<Vec<_>>().into())
    };
    let field = |name| Field::new(name, DataType::Int64, false);
    let schema = Schema::new(vec![field("identity_high"), field("identity_low"), field("content")]);
    let columns: Vec<arrow::array::ArrayRef> = vec![column(|id| id.high), column(|id| id.low), column(|id| id.content)];
    Ok(RecordBatch::try_new(std::sync::Arc::new(schema), columns)?)
}
