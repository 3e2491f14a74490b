//! Appending events: judged one by one against everything accepted before, durable on return.

use std::collections::HashMap;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use chrono::{DateTime, Utc};
use duckdb::Connection;
use polars::prelude::df;
use tokio::sync::oneshot;

use super::identity::{Identities, Identity};
use super::prepared::{Prepared, stamped};
use crate::model::Param;
use crate::query;
use crate::store::{StoreError, sql};

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

/// Events that wait for the writer.
pub struct Queued {
    pub(super) answer: oneshot::Receiver<Result<Appended, StoreError>>,
    pub(super) marked: bool,
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

    /// Waits for the commit of a group without a mark; not to be called on an async thread.
    ///
    /// # Errors
    /// As [`Queued::durable`].
    pub fn wait(self) -> Result<Appended, StoreError> {
        self.answer.blocking_recv().map_err(|_| StoreError::Stopped)?
    }
}

/// Judges several groups in order and writes what is new in the open transaction, under `stamp`.
///
/// `shown` is the stamp of the last commit of which figures had been shown. Returns the outcomes per group and the
/// identities to remember after the commit.
pub fn write_groups(
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
        for (time, outcome) in group.times.iter().zip(&judged) {
            if *outcome == AppendOutcome::Accepted {
                span = (span.0.min(*time), span.1.max(*time));
            }
        }
        outcomes.push(judged);
    }
    // An appender reports what went wrong only when it is flushed.
    events.flush()?;
    if !fresh.is_empty() {
        let column = |get: fn(&Identity) -> i64| fresh.iter().map(get).collect::<Vec<_>>();
        let keys = df!(
            "identity_high" => column(|id| id.high),
            "identity_low" => column(|id| id.low),
            "content" => column(|id| id.content),
        )?;
        sql::append(connection, "event_keys_recent", &keys)?;
        note_commit(connection, stamp, fresh.len(), span, shown)?;
    }
    Ok((outcomes, fresh))
}

/// Notes a commit: its stamp, how many events it brings and when the first and the last of them happened, and the stamp
/// of the last commit of which figures had been shown.
pub fn note_commit(
    connection: &Connection,
    stamp: i64,
    events: usize,
    (first, last): (i64, i64),
    shown: i64,
) -> Result<(), StoreError> {
    let params = vec![
        ("stamp", Param::Int(stamp)),
        ("events", Param::Int(events as i64)),
        ("first", Param::Int(first)),
        ("last", Param::Int(last)),
        ("shown", Param::Int(shown)),
    ];
    sql::run(connection, &query!("ingest/commit"), &params)
}

fn judge(group: &Prepared, known: &mut HashMap<(i64, i64), i64>, fresh: &mut Vec<Identity>) -> Vec<AppendOutcome> {
    let ids = &group.identities;
    let differs = |mark: &Identity| known.get(&mark.key()).is_some_and(|content| !mark.is(*content));
    if group.marked && ids.first().is_some_and(differs) {
        return vec![AppendOutcome::Conflict; ids.len()];
    }
    ids.iter()
        .map(|id| match known.get(&id.key()) {
            Some(content) if id.is(*content) => AppendOutcome::Duplicate,
            Some(_) => AppendOutcome::Conflict,
            None => {
                known.insert(id.key(), id.content);
                fresh.push(*id);
                AppendOutcome::Accepted
            }
        })
        .collect()
}
