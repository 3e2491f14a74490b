//! Annotations: kept as they were received, so that an earlier moment is answered without the later ones.

use chrono::{DateTime, Utc};
use duckdb::Connection;
use tokio::sync::oneshot;

use super::queue::Command;
use crate::model::{Annotation, Param, Params, Scope};
use crate::query;
use crate::store::{Store, StoreError, sql};

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

/// Which annotations are asked for.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The moment at which they stood.
    pub as_of: DateTime<Utc>,
    /// The first moment.
    pub from: DateTime<Utc>,
    /// The moment after the last.
    pub to: DateTime<Utc>,
    /// The metric that those about one must be about; `None` takes those of all.
    pub metric: Option<&'a str>,
    /// Any of these platforms, and none of those.
    pub platforms: (&'a [Option<String>], &'a [Option<String>]),
    /// Whether those about bots belong to the answer.
    pub names_bots: bool,
    /// Any of these bots, and none of those.
    pub bots: (&'a [Option<String>], &'a [Option<String>]),
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

    /// The latest `most` of the annotations that `about` asks for, in the order of time, and how many more there are.
    /// Blocking.
    ///
    /// # Errors
    /// [`StoreError::Timeout`], or what the database said.
    pub fn annotations(&self, about: &About, most: usize) -> Result<(Vec<Annotation>, u64), StoreError> {
        let texts = |values: &[Option<String>]| match values {
            [] => Param::Null,
            // No value is an empty text: in a filter that stands for rows without one.
            values => Param::Texts(values.iter().map(|value| value.clone().unwrap_or_default()).collect()),
        };
        let params = vec![
            ("as_of", Param::Time(about.as_of)),
            ("from", Param::Time(about.from)),
            ("to", Param::Time(about.to)),
            (
                "metric",
                about.metric.map_or(Param::Null, |name| Param::Text(name.to_owned())),
            ),
            ("platform", texts(about.platforms.0)),
            ("platform_not", texts(about.platforms.1)),
            ("names_bots", Param::Bool(about.names_bots)),
            ("bot", texts(about.bots.0)),
            ("bot_not", texts(about.bots.1)),
            ("most", Param::Int(i64::try_from(most).unwrap_or(i64::MAX))),
        ];
        let readers = &self.shared.readers;
        let frame = self
            .reading(|connection| sql::frame(connection, &query!("serve/annotations"), &params, readers.row_limit()))?;
        let text = |name: &str| frame.column(name).and_then(|column| column.str().cloned());
        let times = frame.column("time")?.i64()?.clone();
        let (texts, platforms, bots, metrics) = (text("text")?, text("platform")?, text("bot_id")?, text("metric")?);
        let total = frame.column("total")?.i64()?.iter().next().flatten().unwrap_or(0);
        let found: Vec<Annotation> = (0..frame.height())
            .map(|row| {
                Ok(Annotation {
                    time: sql::instant(times.get(row).unwrap_or_default())?,
                    text: texts.get(row).unwrap_or_default().to_owned(),
                    scope: Scope {
                        platform: platforms.get(row).map(str::to_owned),
                        bot_id: bots.get(row).map(str::to_owned),
                        metric: metrics.get(row).map(str::to_owned),
                    },
                })
            })
            .collect::<Result<_, StoreError>>()?;
        let left_out = u64::try_from(total).unwrap_or(0).saturating_sub(found.len() as u64);
        Ok((found, left_out))
    }
}

/// Writes what changes in the open transaction.
pub(in crate::store) fn write(connection: &Connection, notes: &[Note], stamp: i64) -> Result<Annotated, StoreError> {
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
                sql::run(connection, &query!("ingest/retract_annotation"), &params)?;
            }
        }
        done.changed += 1;
    }
    Ok(done)
}

/// Whether the annotation of an id was retracted last; `None` where there is none.
fn retracted(connection: &Connection, id: &str) -> Result<Option<bool>, StoreError> {
    let params: Params = vec![("id", Param::Text(id.to_owned()))];
    let frame = sql::frame(connection, &query!("ingest/annotation_state"), &params, 1)?;
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
    sql::run(connection, &query!("ingest/add_annotation"), &params)
}
