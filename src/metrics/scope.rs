//! A question's scope: the facts that it is about, cut to its range, mode and filters, each row with its bucket and its
//! values of the asked dimensions. Nothing else knows about filters.

use std::cell::OnceCell;

use chrono::{DateTime, Utc};
use polars::prelude::{
    DataFrame, DataType, Expr, Int64Chunked, IntoColumn, IntoLazy, JoinArgs, JoinType, LazyFrame, NamedFrom, Series,
    coalesce, col, len, lit,
};

use super::{Filter, MetricError, Question};
use crate::facts::fact::{self, Dimension, Fact, Of};
use crate::model::{Param, Params, Query, TimeRange};

/// Where facts are read, all of one moment.
pub trait Source {
    /// The rows of a query.
    ///
    /// # Errors
    /// [`MetricError::Unread`] when they cannot be read.
    fn read(&self, query: &Query, params: &Params) -> Result<DataFrame, MetricError>;
}

/// A question and where the facts are read that answer it.
pub struct Scope<'a> {
    /// The question.
    pub question: &'a Question,
    source: &'a dyn Source,
    /// Rows that the answer may have.
    pub(super) most: usize,
    bots: OnceCell<LazyFrame>,
}

impl<'a> Scope<'a> {
    /// The scope of a question whose answer has a limited number of rows.
    pub fn new(question: &'a Question, source: &'a dyn Source, most: usize) -> Self {
        Scope {
            question,
            source,
            most,
            bots: OnceCell::new(),
        }
    }

    /// The same facts for another question.
    pub(super) fn asking<'b>(&'b self, question: &'b Question) -> Scope<'b> {
        Scope::new(question, self.source, self.most)
    }

    /// The rows of a query of a metric's own.
    pub fn read(&self, query: &Query, params: &Params) -> Result<DataFrame, MetricError> {
        self.source.read(query, params)
    }

    /// The facts of the range: `bucket` (from 0; null outside of the range), the asked dimensions, `time` and `columns`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn facts(&self, fact: &Fact, columns: &[&'static str]) -> Result<LazyFrame, MetricError> {
        self.facts_since(self.question.range.from, fact, columns)
    }

    /// As [`Scope::facts`], from an earlier moment on.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn facts_since(
        &self,
        from: DateTime<Utc>,
        fact: &Fact,
        columns: &[&'static str],
    ) -> Result<LazyFrame, MetricError> {
        let mut params = self.params_since(from);
        params.push(self.columns(fact.dimensions, &[&["time"], columns].concat()));
        params.extend(fact.anchor.map(|anchor| ("anchor", Param::Text(anchor.to_owned()))));
        let rows = self.source.read(&fact.query, &params)?;
        self.cut(self.bucketed(rows, "time", "bucket")?, fact.dimensions, columns)
    }

    /// The parameter `columns` of a query: these, and what the asked dimensions of its rows need.
    pub fn columns(&self, dimensions: &[Dimension], columns: &[&'static str]) -> (&'static str, Param) {
        let is_own = |name: &&&str| dimensions.iter().all(|dimension| dimension.0 != **name);
        let mut names: Vec<&str> = columns.iter().filter(is_own).copied().collect();
        for dimension in dimensions
            .iter()
            .filter(|dimension| self.uses(dimension.0) || columns.contains(&dimension.0))
        {
            match dimension.1 {
                Of::Row => names.push(dimension.0),
                Of::Bot => names.push("bot_key"),
                Of::RowElseBot => names.extend([dimension.0, "bot_key"]),
            }
        }
        names.sort_unstable();
        names.dedup();
        ("columns", Param::Texts(names.into_iter().map(str::to_owned).collect()))
    }

    /// The rows of a query of a metric's own that the filters keep, with their values of the asked dimensions and of those
    /// among `columns`.
    ///
    /// # Errors
    /// When the bots cannot be read.
    pub fn cut(&self, rows: DataFrame, dimensions: &[Dimension], columns: &[&str]) -> Result<LazyFrame, MetricError> {
        let used = dimensions
            .iter()
            .filter(|dimension| self.uses(dimension.0) || columns.contains(&dimension.0));
        let rows = self.with_bots(rows.lazy(), &used.collect::<Vec<_>>())?;
        let filters = self.question.filters.iter();
        let known = filters.filter(|filter| dimensions.iter().any(|dimension| dimension.0 == filter.dimension));
        Ok(known.map(keeps).fold(rows, LazyFrame::filter))
    }

    /// The rows with the bucket of a moment, in microseconds since 1970: null outside of the range.
    ///
    /// # Errors
    /// If there is no such column.
    pub fn bucketed(&self, mut rows: DataFrame, moment: &str, bucket: &'static str) -> Result<DataFrame, MetricError> {
        let buckets = buckets(&self.question.range, bucket, rows.column(moment)?.i64()?);
        rows.with_column(buckets.into_column())?;
        Ok(rows)
    }

    /// The range and the mode, for a query of a metric's own.
    pub fn range_params(&self) -> Params {
        self.params_since(self.question.range.from)
    }

    fn params_since(&self, from: DateTime<Utc>) -> Params {
        vec![
            ("from", Param::Time(from)),
            ("to", Param::Time(self.question.range.to)),
            ("mode", Param::Text(self.question.mode.as_str().to_owned())),
        ]
    }

    /// Each `bucket` with its `bucket_end`, microseconds since 1970.
    pub fn bucket_ends(&self) -> Result<DataFrame, MetricError> {
        let buckets = &self.question.range.buckets;
        let ends: Vec<i64> = buckets.iter().map(|bucket| bucket.end.timestamp_micros()).collect();
        let at = Series::new("bucket".into(), (0..ends.len() as i64).collect::<Vec<_>>());
        let ends = Series::new("bucket_end".into(), ends);
        Ok(DataFrame::new(ends.len(), vec![at.into_column(), ends.into_column()])?)
    }

    /// Gives rows with a `bot_key` the dimensions that they have from their bot.
    fn with_bots(&self, rows: LazyFrame, used: &[&Dimension]) -> Result<LazyFrame, MetricError> {
        let of_bot: Vec<&Dimension> = used
            .iter()
            .copied()
            .filter(|dimension| dimension.1 != Of::Row)
            .collect();
        if of_bot.is_empty() {
            return Ok(rows);
        }
        let named = |dimension: &&Dimension| col(dimension.0).alias(of_the_bot(dimension));
        let bots = self.bots()?.select(
            std::iter::once(col("bot_key"))
                .chain(of_bot.iter().map(named))
                .collect::<Vec<_>>(),
        );
        let joined = rows.join(bots, [col("bot_key")], [col("bot_key")], JoinArgs::new(JoinType::Left));
        let value = |dimension: &&Dimension| match dimension.1 {
            Of::RowElseBot => coalesce(&[col(dimension.0), col(of_the_bot(dimension))]).alias(dimension.0),
            _ => col(of_the_bot(dimension)).alias(dimension.0),
        };
        Ok(joined.with_columns(of_bot.iter().map(value).collect::<Vec<_>>()))
    }

    /// All bots: `bot_key` and the dimensions, read once.
    fn bots(&self) -> Result<LazyFrame, MetricError> {
        if let Some(bots) = self.bots.get() {
            return Ok(bots.clone());
        }
        let names = ["bot_key", "platform", "bot", "category", "country", "developer"];
        let names = names.map(str::to_owned).into();
        let bots = self
            .source
            .read(&fact::BOTS, &vec![("columns", Param::Texts(names))])?
            .lazy();
        Ok(self.bots.get_or_init(|| bots).clone())
    }

    /// Whether the question groups or filters by a dimension.
    pub fn uses(&self, dimension: &str) -> bool {
        self.question.uses(dimension)
    }

    /// What tells the rows of a bucket apart: the asked dimensions, then these, where they are not asked for anyway.
    pub fn names(&self, own: &[&'static str]) -> Vec<&'static str> {
        let asked = &self.question.group_by;
        let own = own.iter().copied().filter(|name| !asked.contains(name));
        asked.iter().copied().chain(own).collect()
    }

    /// `bucket` and such names.
    pub fn key_names(&self, own: &[&'static str]) -> Vec<&'static str> {
        std::iter::once("bucket").chain(self.names(own)).collect()
    }

    /// The same as expressions to group by.
    pub fn keys(&self, own: &[&'static str]) -> Vec<Expr> {
        self.key_names(own).into_iter().map(col).collect()
    }

    /// An expression within each of the asked groups.
    pub fn by_group(&self, expression: Expr) -> Result<Expr, MetricError> {
        match self.names(&[]).as_slice() {
            [] => Ok(expression),
            names => Ok(expression.over(names.iter().map(|name| col(*name)).collect::<Vec<_>>())?),
        }
    }
}

fn of_the_bot(dimension: &Dimension) -> String {
    format!("{}_of_bot", dimension.0)
}

/// The bucket of each moment in microseconds: null outside of the range.
fn buckets(range: &TimeRange, name: &'static str, times: &Int64Chunked) -> Series {
    let (from, to) = (range.from.timestamp_micros(), range.to.timestamp_micros());
    let edges: Vec<i64> = range
        .buckets
        .iter()
        .skip(1)
        .map(|bucket| bucket.start.timestamp_micros())
        .collect();
    let bucket = |time: i64| {
        (from..to)
            .contains(&time)
            .then(|| edges.partition_point(|edge| *edge <= time) as i64)
    };
    let buckets: Vec<Option<i64>> = times.iter().map(|time| time.and_then(bucket)).collect();
    Series::new(name.into(), buckets)
}

/// Whether a row has a value that a filter keeps.
fn keeps(filter: &Filter) -> Expr {
    let is_any = |values: &[Option<String>]| {
        let words: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
        let words = lit(Series::new("".into(), words)).implode(true);
        let found = col(filter.dimension).is_in(words, false).fill_null(lit(false));
        match values.contains(&None) {
            true => found.or(col(filter.dimension).is_null()),
            false => found,
        }
    };
    let wanted = match filter.any_of.is_empty() {
        true => lit(true),
        false => is_any(&filter.any_of),
    };
    match filter.none_of.is_empty() {
        true => wanted,
        false => wanted.and(is_any(&filter.none_of).not()),
    }
}

/// A whole number, as columns have them.
pub(super) fn whole(number: i64) -> Expr {
    lit(number).cast(DataType::Int64)
}

/// The number of rows.
pub(super) fn count_rows() -> Expr {
    len().cast(DataType::Int64)
}

/// The number of rows for which a condition holds.
pub(super) fn count_if(condition: Expr) -> Expr {
    condition.cast(DataType::Int64).sum()
}

/// The number of different values, without nulls.
pub(super) fn distinct(values: Expr) -> Expr {
    values.drop_nulls().n_unique().cast(DataType::Int64)
}
