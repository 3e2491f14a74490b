//! Annotations as people send them: one JSON object, checked and scrubbed before anything is kept.

use serde::Deserialize;

use super::privacy::{CardNumber, Kind, Privacy};
use super::values;
use crate::model::{Annotation, Scope, parse_instant};

/// Characters that a text may have.
pub const MAX_TEXT: usize = 200;

/// What an annotation is made of.
const SHAPE: &str = "must be an object of `time`, `text` and, where it is about something, `scope`, \
                     an object of `platform`, `bot_id` and `metric`; each a text";

/// What is wrong with an annotation; nothing of it is kept then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {message}")]
pub struct AnnotationError {
    /// The member that is wrong.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

fn wrong<T>(field: &'static str, message: impl Into<String>) -> Result<T, AnnotationError> {
    let message = message.into();
    Err(AnnotationError { field, message })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    time: String,
    text: String,
    #[serde(default)]
    scope: SentScope,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct SentScope {
    platform: Option<String>,
    bot_id: Option<String>,
    metric: Option<String>,
}

/// Reads one annotation; `is_metric` knows the names of metrics.
///
/// # Errors
/// Names the member that is wrong.
pub fn parse(bytes: &[u8], privacy: &Privacy, is_metric: impl Fn(&str) -> bool) -> Result<Annotation, AnnotationError> {
    let sent: Sent = match serde_json::from_slice(bytes) {
        Ok(sent) => sent,
        // What serde says may repeat what was sent.
        Err(error) if error.is_data() => return wrong("annotation", SHAPE),
        Err(_) => return wrong("annotation", "must be a JSON object"),
    };
    let time = parse_instant(&sent.time).or_else(|error| wrong("time", error.to_string()))?;
    let metric = sent.scope.metric;
    if metric.as_deref().is_some_and(|name| !is_metric(name)) {
        return wrong("scope.metric", "must be the name of a metric, see /v1/metrics");
    }
    let platform = sent.scope.platform;
    if let Some(word) = &platform {
        checked(
            "scope.platform",
            values::check_text(word).and_then(|()| values::check_word(word)),
        )?;
    }
    let keep = |field, kind, word: Option<String>| -> Result<Option<String>, AnnotationError> {
        let Some(word) = word else { return Ok(None) };
        match privacy.keeper(platform.as_deref()).kept(kind, &word) {
            Ok(kept) => Ok(Some(kept.into_owned())),
            Err(CardNumber) => wrong(field, "is written like a card number; send another id"),
        }
    };
    if let Some(id) = &sent.scope.bot_id {
        checked("scope.bot_id", values::check_text(id))?;
    }
    Ok(Annotation {
        time,
        text: keep("text", Kind::Text, Some(sentence(&sent.text)?))?.unwrap_or_default(),
        scope: Scope {
            bot_id: keep("scope.bot_id", Kind::Id, sent.scope.bot_id)?,
            platform: keep("scope.platform", Kind::Word, platform.clone())?,
            metric,
        },
    })
}

/// The text without space around it.
fn sentence(text: &str) -> Result<String, AnnotationError> {
    let text = text.trim();
    if text.is_empty() {
        return wrong("text", "must not be empty");
    }
    if text.chars().count() > MAX_TEXT {
        return wrong("text", format!("must not have more than {MAX_TEXT} characters"));
    }
    if text.chars().any(char::is_control) {
        return wrong("text", "must not contain control characters");
    }
    Ok(text.to_owned())
}

fn checked(field: &'static str, judged: Result<(), super::Rejection>) -> Result<(), AnnotationError> {
    judged.or_else(|rejection| wrong(field, rejection.message))
}
