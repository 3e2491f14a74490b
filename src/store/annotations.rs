//! Annotations: kept as they were received, so that an earlier moment is answered without the later ones.

use chrono::{DateTime, Utc};
use duckdb::Connection;
use tokio::sync::oneshot;

use super::queue::Command;
use super::writer;
use super::{Store, StoreError, folding, read};
use crate::model::{Annotation, Param, Params, Scope};
use crate::query;

/// What is to change about annotations.
#[derive(Debug, Clone)]
pub enum Note {
    /// This one stands from now on.
    Add(Annotation),
    /// The one of this id stands no longer.
    Retract(String),
}

/// What became of a group of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Annotated {
    /// Annotations that stand from now on, or no longer.
    pub changed: usize,
    /// Retractions of what there never was.
    pub unknown: usize,
    /// The stamp of the commit; `None` where nothing changed.
    pub received_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Adds and retracts annotations durably, all or none; returns after the commit.
    ///
    /// # Errors
    /// As [`Store::append`].
    pub async fn annotate(&self, notes: Vec<Note>) -> Result<Annotated, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.shared.disk.admit()?;
        self.shared.writer.try_send(Command::Annotate { notes, reply })?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// As [`Store::annotate`], from a thread of its own, waiting while the writer is behind.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] while shutting down, or what the database said.
    pub fn annotate_queued(&self, notes: Vec<Note>) -> Result<Annotated, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.shared.disk.admit()?;
        self.shared.writer.send_blocking(Command::Annotate { notes, reply })?;
        answer.blocking_recv().map_err(|_| StoreError::Stopped)?
    }

    /// The annotations from `from` until before `to` that stood at `as_of`, in the order of time. Blocking.
    ///
    /// # Errors
    /// [`StoreError::Timeout`], [`StoreError::TooManyRows`], or what the database said.
    pub fn annotations(
        &self,
        as_of: DateTime<Utc>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Annotation>, StoreError> {
        let params = vec![
            ("as_of", Param::Time(as_of)),
            ("from", Param::Time(from)),
            ("to", Param::Time(to)),
        ];
        let readers = &self.shared.readers;
        let frame = self.reading(|connection| {
            read::frame(connection, &query!("serve/annotations"), &params, readers.row_limit())
        })?;
        let text = |name: &str| frame.column(name).and_then(|column| column.str().cloned());
        let times = frame.column("time")?.i64()?.clone();
        let (texts, platforms, bots, metrics) = (text("text")?, text("platform")?, text("bot_id")?, text("metric")?);
        (0..frame.height())
            .map(|row| {
                Ok(Annotation {
                    time: writer::instant(times.get(row).unwrap_or_default())?,
                    text: texts.get(row).unwrap_or_default().to_owned(),
                    scope: Scope {
                        platform: platforms.get(row).map(str::to_owned),
                        bot_id: bots.get(row).map(str::to_owned),
                        metric: metrics.get(row).map(str::to_owned),
                    },
                })
            })
            .collect()
    }
}

/// Writes what changes in the open transaction.
pub(super) fn write(connection: &Connection, notes: &[Note], stamp: i64) -> Result<Annotated, StoreError> {
    let mut done = Annotated::default();
    for note in notes {
        let id = match note {
            Note::Add(annotation) => annotation.id(),
            Note::Retract(id) => id.clone(),
        };
        let retracted = retracted(connection, &id)?;
        match (note, retracted) {
            (Note::Add(_), Some(false)) | (Note::Retract(_), Some(true)) => continue,
            (Note::Retract(_), None) => {
                done.unknown += 1;
                continue;
            }
            (Note::Add(annotation), _) => add(connection, annotation, id, stamp)?,
            (Note::Retract(_), Some(false)) => {
                let params = vec![("stamp", Param::Int(stamp)), ("id", Param::Text(id))];
                folding::run(connection, &query!("ingest/retract_annotation"), &params)?;
            }
        }
        done.changed += 1;
    }
    Ok(done)
}

/// Whether the annotation of an id was retracted last; `None` where there is none.
fn retracted(connection: &Connection, id: &str) -> Result<Option<bool>, StoreError> {
    let params: Params = vec![("id", Param::Text(id.to_owned()))];
    let frame = read::frame(connection, &query!("ingest/annotation_state"), &params, 1)?;
    Ok(frame.column("retracted")?.bool()?.get(0))
}

fn add(connection: &Connection, annotation: &Annotation, id: String, stamp: i64) -> Result<(), StoreError> {
    let word = |word: &Option<String>| word.clone().map_or(Param::Null, Param::Text);
    let params = vec![
        ("stamp", Param::Int(stamp)),
        ("id", Param::Text(id)),
        ("time", Param::Time(annotation.time)),
        ("text", Param::Text(annotation.text.clone())),
        ("platform", word(&annotation.scope.platform)),
        ("bot_id", word(&annotation.scope.bot_id)),
        ("metric", word(&annotation.scope.metric)),
    ];
    folding::run(connection, &query!("ingest/add_annotation"), &params)
}
