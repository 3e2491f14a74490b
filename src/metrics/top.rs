//! The most frequent values of a column, and all others as one: what a picture or a page has room for.

use std::collections::{BTreeMap, HashSet};

use super::grouping::Group;

/// Values that a picture or a page tells one by one.
pub const MOST_VALUES: usize = 20;

/// What stands for the values that are not told one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The column of the values.
    pub column: &'static str,
    /// What stands in it for all of them together.
    pub label: String,
    /// How many they are.
    pub values: usize,
}

/// The values that are told one by one.
#[derive(Debug, Default)]
pub(super) struct Top {
    kept: HashSet<String>,
    others: Option<LeftOut>,
}

/// Rows without a value are no value among others: they are always told.
fn is_value(value: &str) -> bool {
    !matches!(value, "none" | "unknown")
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

    /// Puts what stands for the others in the place of one of them.
    pub fn fold(&self, group: &mut Group, at: usize) {
        let (Some(others), Some(Some(value))) = (&self.others, group.get_mut(at)) else {
            return;
        };
        if is_value(value) && !self.kept.contains(value.as_str()) {
            value.clone_from(&others.label);
        }
    }

    /// What is not told one by one; `None` where everything is.
    pub fn left_out(self) -> Option<LeftOut> {
        self.others
    }
}

/// Folds the groups of a frame by the values at one place, whose sizes are the rows'.
pub(super) fn fold(
    groups: &mut [Group],
    (column, at): (&'static str, usize),
    sizes: &[i64],
    most: Option<usize>,
) -> Option<LeftOut> {
    let sized = groups.iter().zip(sizes);
    let sized = sized.map(|(group, size)| (group.get(at).and_then(Option::as_deref), *size));
    let top = Top::of(column, sized, most);
    groups.iter_mut().for_each(|group| top.fold(group, at));
    top.left_out()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(rows: &[(&str, i64)], most: usize) -> (Vec<String>, Option<usize>) {
        let mut groups: Vec<Group> = rows.iter().map(|(value, _)| vec![Some((*value).to_owned())]).collect();
        let sizes: Vec<i64> = rows.iter().map(|(_, size)| *size).collect();
        let left = fold(&mut groups, ("value", 0), &sizes, Some(most));
        let names = groups.into_iter().map(|mut group| group.remove(0).unwrap()).collect();
        (names, left.map(|left| left.values))
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
