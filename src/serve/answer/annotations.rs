//! Which annotations belong beside an answer, and how they are written.

use serde_json::{Map, Value as Json, json};

use crate::metrics::{Metric, Question};
use crate::model::{Annotation, TimeRange};
use crate::store::{About, Store, StoreError};

/// Annotations that an answer has room for.
pub const MOST: usize = 200;

/// The latest annotations of a question's range that concern it, as they stood at its `as_of`, and how many more there
/// are. Blocking.
///
/// One about a platform stands beside every answer that does not leave the platform out. One about a
/// bot would crowd the answers about all bots, and stands where the question names it or has a row for each.
///
/// # Errors
/// When the store fails.
pub fn of(store: &Store, metric: &Metric, question: &Question) -> Result<(Vec<Annotation>, u64), StoreError> {
    let sides = |dimension: &str| match question.filter(dimension) {
        Some(filter) => (filter.any_of.as_slice(), filter.none_of.as_slice()),
        None => (&[][..], &[][..]),
    };
    let bots = sides("bot");
    let about = About {
        as_of: question.as_of,
        from: question.range.from,
        to: question.range.to,
        metric: Some(metric.name),
        platforms: sides("platform"),
        names_bots: question.group_by.contains(&"bot") || !bots.0.is_empty(),
        bots,
    };
    store.annotations(&about, MOST)
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
