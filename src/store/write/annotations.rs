//! Annotations: kept as they were received, so that an earlier moment is answered without the later ones.

use chrono::{DateTime, Utc};
use duckdb::Connection;

use crate::model::{Annotation, Param, Params};
use crate::query;
use crate::store::{StoreError, sql};

/// What is to change about annotations.
#[derive(Debug, Clone)]
pub enum Note {
    /// Adds this one.
    Add(Annotation),
    /// Removes the one with this id.
    Retract(String),
}

/// What became of a group of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Annotated {
    /// Annotations to add or remove.
    pub changed: usize,
    /// Retractions of what there never was.
    pub unknown: usize,
    /// The stamp of the commit; `None` where nothing changed.
    pub received_at: Option<DateTime<Utc>>,
}

/// Writes what changes in the open transaction; true if there was anything.
pub fn write(connection: &Connection, notes: &[Note], stamp: i64) -> Result<(Annotated, bool), StoreError> {
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
    let changed = done.changed > 0;
    done.received_at = changed.then(|| sql::instant(stamp)).transpose()?;
    Ok((done, changed))
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
