//! Groups of few rows: one accumulator for each group and bucket, for what is counted step by step.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, Expr, col};

use super::MetricError;

pub(super) use super::rows::counts;

/// Values of the asked dimensions, in their order; `None` is "no value".
pub(super) type Group = Vec<Option<String>>;

/// The values of some text columns, row by row.
pub(super) fn groups(frame: &DataFrame, names: &[&str]) -> Result<Vec<Group>, MetricError> {
    let mut groups = vec![Group::with_capacity(names.len()); frame.height()];
    for name in names {
        for (group, value) in groups.iter_mut().zip(frame.column(name)?.str()?.iter()) {
            group.push(value.map(str::to_owned));
        }
    }
    Ok(groups)
}

/// The columns that a group-by in Polars splits by.
pub(super) fn keys(names: &[&str]) -> Vec<Expr> {
    std::iter::once("bucket")
        .chain(names.iter().copied())
        .map(col)
        .collect()
}

/// One accumulator for each group and bucket.
#[derive(Debug)]
pub(super) struct Accumulators<T> {
    buckets: usize,
    rows: BTreeMap<Group, Vec<T>>,
}

impl<T: Default + Clone> Accumulators<T> {
    pub fn new(buckets: usize) -> Self {
        Accumulators {
            buckets,
            rows: BTreeMap::new(),
        }
    }

    /// The accumulators of a group, one a bucket.
    pub fn row(&mut self, group: &Group) -> &mut [T] {
        if !self.rows.contains_key(group) {
            self.rows.insert(group.clone(), vec![T::default(); self.buckets]);
        }
        self.rows.entry(group.clone()).or_default()
    }

    /// One accumulator.
    pub fn at(&mut self, bucket: usize, group: &Group) -> Option<&mut T> {
        self.row(group).get_mut(bucket)
    }

    /// Every group with its accumulators, in order of their values, those without one last.
    ///
    /// Where no group occurs, one of `width` nulls.
    pub fn finish(mut self, width: usize) -> Vec<(Group, Vec<T>)> {
        if self.rows.is_empty() {
            self.row(&vec![None; width]);
        }
        let mut rows: Vec<_> = self.rows.into_iter().collect();
        rows.sort_by(|(one, _), (two, _)| order(one).cmp(order(two)));
        rows
    }
}

fn order(group: &Group) -> impl Iterator<Item = (bool, &Option<String>)> {
    group.iter().map(|value| (value.is_none(), value))
}

/// The rows of a finished accumulators bucket by bucket: the same groups in the same order in each.
pub(super) fn by_bucket<T>(rows: &[(Group, Vec<T>)], buckets: usize) -> impl Iterator<Item = (usize, &Group, &T)> {
    (0..buckets).flat_map(move |bucket| {
        rows.iter()
            .filter_map(move |(group, cells)| cells.get(bucket).map(|cell| (bucket, group, cell)))
    })
}
