//! Which annotations belong beside an answer, and how they are written.

use serde_json::{Map, Value as Json, json};

use crate::metrics::{Metric, Question};
use crate::model::{Annotation, TimeRange};
use crate::store::{Store, StoreError};

/// The annotations of a question's range that concern it, as they stood at its `as_of`. Blocking.
///
/// # Errors
/// When the store fails.
pub fn of(store: &Store, metric: &Metric, question: &Question) -> Result<Vec<Annotation>, StoreError> {
    let range = &question.range;
    let mut found = store.annotations(question.as_of, range.from, range.to)?;
    found.retain(|annotation| concerns(annotation, metric.name, question));
    Ok(found)
}

/// Whether an annotation tells of what a question asks about.
///
/// One about a platform stands beside every answer that does not leave the platform out. One about a
/// bot would crowd the answers about all bots, and stands where the question names it or has a row for each.
fn concerns(annotation: &Annotation, metric: &str, question: &Question) -> bool {
    let scope = &annotation.scope;
    let kept = |dimension: &str, value: &String| {
        let filter = question.filter(dimension);
        filter.is_none_or(|filter| filter.keeps(Some(value)))
    };
    let names_bots =
        question.group_by.contains(&"bot") || question.filter("bot").is_some_and(|filter| !filter.any_of.is_empty());
    scope.metric.as_ref().is_none_or(|name| name == metric)
        && scope
            .platform
            .as_ref()
            .is_none_or(|platform| kept("platform", platform))
        && scope.bot_id.as_ref().is_none_or(|bot| names_bots && kept("bot", bot))
}

/// An annotation as the answers write it, its moment in the zone of the range.
pub fn described(annotation: &Annotation, range: &TimeRange) -> Json {
    let scope = &annotation.scope;
    let parts = [
        ("platform", &scope.platform),
        ("bot_id", &scope.bot_id),
        ("metric", &scope.metric),
    ];
    let given = parts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))));
    json!({
        "id": annotation.id(),
        "time": range.local(annotation.time).to_rfc3339(),
        "text": annotation.text,
        "scope": given.collect::<Map<_, _>>(),
    })
}
