//! The way in: one thread that judges, stamps and commits, and what it needs for that.

pub(super) mod annotations;
pub(super) mod append;
mod checkpoints;
mod filter;
mod identity;
pub(super) mod moments;
mod pace;
pub(super) mod prepared;
pub(super) mod queue;
pub(super) mod rates;
pub(super) mod writer;

use chrono::{DateTime, Utc};
use tokio::sync::{oneshot, watch};

use super::{Store, StoreError, lock, sql};
use crate::model::{Event, Param, Params, Rate};
use crate::query;
use annotations::{Annotated, Note};
use append::{Appended, Queued};
use prepared::{BulkLoad, Prepared};
use queue::{Command, Handle, Reply};
use rates::RatesAdded;

impl Store {
    /// Watches the stamp of the latest commit; it changes whenever events were accepted.
    pub fn committed(&self) -> watch::Receiver<DateTime<Utc>> {
        self.shared.committed.clone()
    }

    /// The latest stamp given to a commit, also to one that is still being written.
    pub fn stamped(&self) -> DateTime<Utc> {
        sql::instant(self.shared.moments.stamped()).unwrap_or_default()
    }

    /// Bytes of the events that wait for the writer, those that it is committing included.
    pub fn queued_bytes(&self) -> usize {
        self.shared.writer.bytes()
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
        let answer = self.send(Handle::try_send, |reply| Command::Append { prepared, reply })?;
        Ok(Queued { answer, marked })
    }

    /// Begins a bulk load; what is committed by now may have been shown.
    pub fn bulk_load(&self) -> BulkLoad {
        BulkLoad {
            shown: self.shared.committed.borrow().timestamp_micros(),
        }
    }

    /// Queues a prepared group of a bulk load from a thread of its own, waiting while the writer is behind.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] while shutting down.
    pub fn append_queued(&self, mut prepared: Prepared, load: BulkLoad) -> Result<Queued, StoreError> {
        prepared.load = Some(load);
        let answer = self.send(Handle::send_blocking, |reply| Command::Append { prepared, reply })?;
        Ok(Queued { answer, marked: false })
    }

    /// Adds rates durably, all or none; returns after the commit.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn add_rates(&self, rates: Vec<Rate>) -> Result<RatesAdded, StoreError> {
        let answer = self.send(Handle::try_send, |reply| Command::Rates { rates, reply })?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// As [`Store::add_rates`], from a thread of its own, waiting while the writer is behind.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] while shutting down, or what the database said.
    pub fn add_rates_queued(&self, rates: Vec<Rate>) -> Result<RatesAdded, StoreError> {
        let answer = self.send(Handle::send_blocking, |reply| Command::Rates { rates, reply })?;
        answer.blocking_recv().map_err(|_| StoreError::Stopped)?
    }

    /// Adds and retracts annotations durably, all or none; returns after the commit.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn annotate(&self, notes: Vec<Note>) -> Result<Annotated, StoreError> {
        let answer = self.send(Handle::try_send, |reply| Command::Annotate { notes, reply })?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// As [`Store::annotate`], from a thread of its own, waiting while the writer is behind.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] while shutting down, or what the database said.
    pub fn annotate_queued(&self, notes: Vec<Note>) -> Result<Annotated, StoreError> {
        let answer = self.send(Handle::send_blocking, |reply| Command::Annotate { notes, reply })?;
        answer.blocking_recv().map_err(|_| StoreError::Stopped)?
    }

    /// Hands the writer a command, unless the disk has no room: by [`Handle::try_send`], which refuses it where the queue
    /// is full, or by [`Handle::send_blocking`], which waits and is not to be called on an async thread.
    fn send<T>(
        &self,
        by: fn(&Handle, Command) -> Result<(), StoreError>,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<Answer<T>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.shared.disk.admit()?;
        by(&self.shared.writer, command(reply))?;
        Ok(answer)
    }

    /// The fingerprint of the key that pseudonyms were made with, once there is one; the key itself is in no table.
    ///
    /// # Errors
    /// When the database fails.
    pub fn pseudonym_key(&self) -> Result<Option<String>, StoreError> {
        let known = self.rows(&query!("ingest/pseudonym_key"), &Params::new())?;
        Ok(sql::Rows(&known).text("fingerprint", 0)?.map(str::to_owned))
    }

    /// Remembers the fingerprint of the key. It is written by the fold's connection, before any event needs the key.
    ///
    /// # Errors
    /// When the database fails.
    pub fn remember_pseudonym_key(&self, fingerprint: &str) -> Result<(), StoreError> {
        let params = vec![("fingerprint", Param::Text(fingerprint.into()))];
        sql::run(
            &lock(&self.shared.folding),
            &query!("ingest/remember_pseudonym_key"),
            &params,
        )
    }
}

/// Where the outcome of a command arrives.
type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;
