//! Whether any row ever had the values that a question filters by: one that none had is probably misspelt.

use std::collections::HashSet;

use polars::prelude::DataFrame;

use super::{Filter, MetricError, Question};
use crate::model::{Param, Params, Query};
use crate::query;

/// The dimensions of all metrics, as the query names their values.
const DIMENSIONS: [&str; 12] = [
    "platform",
    "bot",
    "category",
    "country",
    "developer",
    "acquisition",
    "path",
    "credential",
    "provider",
    "network",
    "method",
    "wallet",
];

/// Dimensions in which a row without a value has one of [`WITHOUT`].
const NEVER_EMPTY: [&str; 3] = ["network", "method", "wallet"];
const WITHOUT: [&str; 2] = ["none", "unknown"];

/// The query that finds them; `None` where a question has no filters.
pub fn lookup(question: &Question) -> Option<(Query, Params)> {
    let texts = |name: &str| {
        let filter = question.filter(name)?;
        let asked = filter.any_of.iter().chain(&filter.none_of).flatten();
        Some(Param::Texts(asked.cloned().collect()))
    };
    let param = |name: &'static str| (name, texts(name).unwrap_or(Param::Null));
    let params = DIMENSIONS.map(param).into();
    (!question.filters.is_empty()).then_some((query!("serve/known_values"), params))
}

/// A sentence for each value that no row ever had.
///
/// # Errors
/// When the frame is not the query's.
pub fn warnings(question: &Question, found: &DataFrame) -> Result<Vec<String>, MetricError> {
    let (dimensions, values) = (found.column("dimension")?.str()?, found.column("value")?.str()?);
    let known: HashSet<(&str, &str)> = dimensions.iter().flatten().zip(values.iter().flatten()).collect();
    let sides = |filter: &Filter| {
        let told = |values: &[Option<String>], sign, effect| {
            let told = values.iter();
            told.filter_map(|value| sentence(&known, filter.dimension, sign, value.as_deref(), effect))
                .collect::<Vec<_>>()
        };
        let mut sides = told(&filter.any_of, "=", "finds nothing");
        sides.extend(told(&filter.none_of, "!=", "leaves nothing out"));
        sides
    };
    Ok(question.filters.iter().flat_map(sides).collect())
}

fn sentence(
    known: &HashSet<(&str, &str)>,
    dimension: &str,
    sign: &str,
    value: Option<&str>,
    effect: &str,
) -> Option<String> {
    let without = NEVER_EMPTY.contains(&dimension);
    match value {
        None if without => Some(format!(
            "`{dimension}{sign}(none)` {effect}: a payment without a {dimension} has `none` or `unknown` there"
        )),
        None => None,
        Some(word) if without && WITHOUT.contains(&word) || known.contains(&(dimension, word)) => None,
        Some(word) => Some(format!(
            "`{dimension}{sign}{word}` {effect}: no row has ever had this {dimension}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics;

    #[test]
    fn every_dimension_of_every_metric_can_be_looked_up() {
        let all = metrics::ALL.iter().flat_map(|metric| metric.dimensions);
        let unknown: Vec<&str> = all.map(|one| one.0).filter(|name| !DIMENSIONS.contains(name)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
