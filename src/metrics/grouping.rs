//! Buckets, cells and groups: how rows of a frame find their row of the answer.

use std::collections::BTreeMap;

use polars::prelude::{Column, DataFrame, Expr, Int64Chunked, IntoSeries, col};

use super::{MetricError, Question};
use crate::model::{Param, Params, TimeRange};

/// Values of the asked dimensions, in their order; `None` is "no value".
pub(super) type Group = Vec<Option<String>>;

/// The equal cells of time in which queries count, so that any calendar is a sum of cells.
///
/// A cell never crosses an edge between two buckets; its width is the largest that does not.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cells {
    from: i64,
    origin: i64,
    width: i64,
    /// Starts of the buckets after the first, in microseconds.
    edges: Vec<i64>,
}

impl Cells {
    pub fn of(range: &TimeRange) -> Self {
        let (from, to) = (range.from.timestamp_micros(), range.to.timestamp_micros());
        let edges: Vec<i64> = range
            .buckets
            .iter()
            .skip(1)
            .map(|bucket| bucket.start.timestamp_micros())
            .collect();
        let Some(&first) = edges.first() else {
            return Cells {
                from,
                origin: from,
                width: to - from,
                edges,
            };
        };
        let shared = edges.windows(2).fold(0, |shared, pair| gcd(shared, pair[1] - pair[0]));
        let width = if shared > 0 {
            shared
        } else {
            (first - from).max(to - first)
        };
        let before = (first - from + width - 1) / width;
        Cells {
            from,
            origin: first - before * width,
            width,
            edges,
        }
    }

    /// The bucket that holds a cell.
    pub fn bucket(&self, cell: i64) -> usize {
        let start = self.origin.saturating_add(cell.saturating_mul(self.width));
        self.bucket_at(start.max(self.from))
    }

    /// The bucket that holds an instant of the range, in microseconds.
    pub fn bucket_at(&self, instant: i64) -> usize {
        self.edges.partition_point(|edge| *edge <= instant)
    }

    /// The frame with its column `cell` made a column `bucket`.
    pub fn with_buckets(&self, frame: &DataFrame) -> Result<DataFrame, MetricError> {
        let cells = frame.column("cell")?.i64()?;
        let buckets: Vec<i64> = cells
            .iter()
            .map(|cell| self.bucket(cell.unwrap_or_default()) as i64)
            .collect();
        let mut frame = frame.clone();
        frame.with_column(Column::from(
            Int64Chunked::from_vec("bucket".into(), buckets).into_series(),
        ))?;
        Ok(frame)
    }
}

fn gcd(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

/// The parameters of a query that counts in cells over the range.
pub(super) fn range_params(question: &Question) -> Params {
    let cells = Cells::of(&question.range);
    vec![
        ("from", Param::Time(question.range.from)),
        ("to", Param::Time(question.range.to)),
        ("mode", Param::Text(question.mode.as_str().to_owned())),
        ("origin", Param::Int(cells.origin)),
        ("cell", Param::Int(cells.width)),
    ]
}

/// A dimension and the names of its parameters: any of, none of, split by.
struct Named(&'static str, &'static str, &'static str);

const NAMED: &[Named] = &[
    Named("platform", "platform_not", "by_platform"),
    Named("bot", "bot_not", "by_bot"),
    Named("category", "category_not", "by_category"),
    Named("country", "country_not", "by_country"),
    Named("developer", "developer_not", "by_developer"),
    Named("acquisition", "acquisition_not", "by_acquisition"),
    Named("path", "path_not", "by_path"),
    Named("credential", "credential_not", "by_credential"),
    Named("provider", "provider_not", "by_provider"),
    Named("network", "network_not", "by_network"),
    Named("method", "method_not", "by_method"),
    Named("wallet", "wallet_not", "by_wallet"),
];

/// The filters of a question on some dimensions, and by which of them the rows are split.
pub(super) fn dimension_params(question: &Question, dimensions: &[&str], split: &[&str]) -> Params {
    // No value is empty: an empty text stands for rows without one.
    let texts = |values: &[Option<String>]| match values {
        [] => Param::Null,
        values => Param::Texts(values.iter().map(|value| value.clone().unwrap_or_default()).collect()),
    };
    let mut params = Params::new();
    for Named(name, not, by) in NAMED.iter().filter(|named| dimensions.contains(&named.0)) {
        let filter = question.filter(name);
        params.push((name, filter.map_or(Param::Null, |filter| texts(&filter.any_of))));
        params.push((not, filter.map_or(Param::Null, |filter| texts(&filter.none_of))));
        params.push((by, Param::Bool(split.contains(name))));
    }
    params
}

/// The dimensions that a bot has as its own, its latest at `as_of`.
const OF_BOTS: &[&str] = &["category", "country", "developer"];
/// The dimensions that a conversation has as its own.
const OF_CONVERSATIONS: &[&str] = &["country", "acquisition"];

/// Whether a query has to look up the bots of its rows.
pub(super) fn use_bot(question: &Question) -> (&'static str, Param) {
    ("use_bot", uses_any(question, OF_BOTS))
}

/// Whether a query has to look up the conversations of its rows.
pub(super) fn use_conversation(question: &Question) -> (&'static str, Param) {
    ("use_conversation", uses_any(question, OF_CONVERSATIONS))
}

/// As [`use_conversation`], for rows that know the country of their conversation.
pub(super) fn use_acquisition(question: &Question) -> (&'static str, Param) {
    ("use_acquisition", uses_any(question, &["acquisition"]))
}

fn uses_any(question: &Question, dimensions: &[&str]) -> Param {
    Param::Bool(dimensions.iter().any(|name| uses(question, name)))
}

/// Whether a question groups or filters by a dimension.
pub(super) fn uses(question: &Question, dimension: &str) -> bool {
    question.group_by.contains(&dimension) || question.filter(dimension).is_some()
}

/// A column of whole numbers.
pub(super) fn ints(frame: &DataFrame, name: &str) -> Result<Vec<Option<i64>>, MetricError> {
    Ok(frame.column(name)?.i64()?.iter().collect())
}

/// A column of whole numbers that the query never leaves null.
pub(super) fn counts(frame: &DataFrame, name: &str) -> Result<Vec<i64>, MetricError> {
    Ok(frame
        .column(name)?
        .i64()?
        .iter()
        .map(Option::unwrap_or_default)
        .collect())
}

/// The bucket of each row, from its cell.
pub(super) fn buckets(frame: &DataFrame, cells: &Cells) -> Result<Vec<usize>, MetricError> {
    Ok(counts(frame, "cell")?
        .into_iter()
        .map(|cell| cells.bucket(cell))
        .collect())
}

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
pub(super) struct Grid<T> {
    buckets: usize,
    rows: BTreeMap<Group, Vec<T>>,
}

impl<T: Default + Clone> Grid<T> {
    pub fn new(buckets: usize) -> Self {
        Grid {
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

    /// The groups that occur.
    pub fn keys(&self) -> impl Iterator<Item = &Group> {
        self.rows.keys()
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
