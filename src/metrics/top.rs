//! The most frequent values of a column, and all others as one: what a picture or a page has room for.

use std::collections::{BTreeMap, HashSet};

use polars::prelude::{DataFrame, IntoLazy, LazyFrame, NamedFrom, Series, col, lit, when};

use super::MetricError;
use super::scope::{Scope, count_rows};

/// How many values have their own rows in a picture or on a page.
pub const MOST_VALUES: usize = 20;

/// The name of all values that do not have their own rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The column of the values.
    pub column: &'static str,
    /// The name in it for all of them together.
    pub label: String,
    /// How many they are.
    pub values: usize,
}

/// The values that have their own rows.
#[derive(Debug, Default)]
pub(super) struct Top {
    kept: HashSet<String>,
    others: Option<LeftOut>,
}

/// The values of rows without one. They always have their own rows.
const WITHOUT: [&str; 2] = ["none", "unknown"];

/// The column with the size of a value.
pub(super) const SIZE: &str = "size";

fn is_value(value: &str) -> bool {
    !WITHOUT.contains(&value)
}

impl Top {
    /// The `most` largest values of a column, ties in order of their names; all of them where it is `None`, or where
    /// only one would be left out.
    pub fn of<'a>(
        column: &'static str,
        sizes: impl Iterator<Item = (Option<&'a str>, i64)>,
        most: Option<usize>,
    ) -> Self {
        let Some(most) = most else { return Top::default() };
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        for (value, size) in sizes {
            if let Some(value) = value.filter(|value| is_value(value)) {
                let sum = sums.entry(value).or_default();
                *sum = sum.saturating_add(size);
            }
        }
        if sums.len() <= most.saturating_add(1) {
            return Top::default();
        }
        let values = sums.len() - most;
        let mut sums: Vec<(&str, i64)> = sums.into_iter().collect();
        sums.sort_by(|one, two| two.1.cmp(&one.1).then(one.0.cmp(two.0)));
        let kept: HashSet<String> = sums.iter().take(most).map(|(value, _)| (*value).to_owned()).collect();
        let mut label = format!("{values} others");
        while kept.contains(&label) {
            label.push('\u{2026}');
        }
        let others = Some(LeftOut { column, label, values });
        Top { kept, others }
    }

    /// As [`Top::of`], from a frame of the values in `source` and their sizes.
    pub fn of_frame(
        column: &'static str,
        source: &str,
        sizes: &DataFrame,
        most: Option<usize>,
    ) -> Result<Self, MetricError> {
        let sized = sizes
            .column(source)?
            .str()?
            .iter()
            .zip(sizes.column(SIZE)?.i64()?.iter());
        Ok(Top::of(
            column,
            sized.map(|(value, size)| (value, size.unwrap_or_default())),
            most,
        ))
    }

    /// The rows, with what stands for the others in the place of each of them.
    pub fn applied(&self, rows: LazyFrame, column: &str) -> LazyFrame {
        let Some(others) = &self.others else { return rows };
        let told: Vec<&str> = self.kept.iter().map(String::as_str).chain(WITHOUT).collect();
        let told = lit(Series::new("".into(), told)).implode(true);
        let is_told = col(column).is_null().or(col(column).is_in(told, false));
        let value = when(is_told).then(col(column)).otherwise(lit(others.label.as_str()));
        rows.with_column(value.alias(column))
    }

    /// The values without their own rows; `None` if there are none.
    pub fn left_out(self) -> Option<LeftOut> {
        self.others
    }
}

/// Puts what stands for all others in the place of the values of a column that an answer has no room for; each row of
/// the frame counts one.
pub(super) fn fold(
    rows: LazyFrame,
    column: &'static str,
    scope: &Scope,
) -> Result<(LazyFrame, Option<LeftOut>), MetricError> {
    if scope.question.most_values.is_none() {
        return Ok((rows, None));
    }
    let rows = rows.collect()?;
    let sizes = rows
        .clone()
        .lazy()
        .group_by([col(column)])
        .agg([count_rows().alias(SIZE)])
        .collect()?;
    let top = Top::of_frame(column, column, &sizes, scope.question.most_values)?;
    Ok((top.applied(rows.lazy(), column), top.left_out()))
}

#[cfg(test)]
mod tests {
    use polars::prelude::IntoColumn;

    use super::*;

    fn folded(rows: &[(&str, i64)], most: usize) -> (Vec<String>, Option<usize>) {
        let (values, sizes): (Vec<&str>, Vec<i64>) = rows.iter().copied().unzip();
        let columns = vec![
            Series::new("value".into(), values).into_column(),
            Series::new(SIZE.into(), sizes).into_column(),
        ];
        let frame = DataFrame::new(rows.len(), columns).unwrap();
        let top = Top::of_frame("value", "value", &frame, Some(most)).unwrap();
        let told = top.applied(frame.lazy(), "value").collect().unwrap();
        let names = told.column("value").unwrap().str().unwrap().iter().flatten();
        (
            names.map(str::to_owned).collect(),
            top.left_out().map(|left| left.values),
        )
    }

    #[test]
    fn the_largest_values_stay_and_ties_are_broken_by_name() {
        let rows = [("a", 1), ("b", 5), ("c", 1), ("d", 1), ("b", 1)];
        let (names, left) = folded(&rows, 2);
        assert_eq!(names, ["a", "b", "2 others", "2 others", "b"]);
        assert_eq!(left, Some(2));
    }

    #[test]
    fn a_single_value_is_no_others() {
        let (names, left) = folded(&[("a", 3), ("b", 2), ("c", 1)], 2);
        assert_eq!((names, left), (vec!["a".into(), "b".into(), "c".into()], None));
    }

    #[test]
    fn rows_without_a_value_are_never_among_the_others() {
        let (names, left) = folded(&[("unknown", 0), ("none", 0), ("a", 3), ("b", 2), ("c", 1)], 1);
        assert_eq!(names, ["unknown", "none", "a", "2 others", "2 others"]);
        assert_eq!(left, Some(2));
    }

    #[test]
    fn others_are_told_from_a_value_that_is_called_so() {
        let (names, _) = folded(&[("2 others", 3), ("b", 2), ("c", 1)], 1);
        assert_eq!(names, ["2 others", "2 others\u{2026}", "2 others\u{2026}"]);
    }
}
