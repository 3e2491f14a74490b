//! From aggregated frames to the rows of an answer: every group that occurs has a row in every bucket, rates and their
//! intervals follow from their counts, and what has not settled is left out.

use polars::prelude::{
    AnyValue, DataFrame, DataType, IntoColumn, IntoLazy, JoinArgs, JoinType, LazyFrame, MaintainOrderJoin, NamedFrom,
    Series, SortMultipleOptions, UniqueKeepStrategy, by_name, col, concat, lit, when,
};

use super::column::{After, Column, Ratio, Role};
use super::scope::Scope;
use super::statistics::{ratio, wilson};
use super::{MetricError, Question, Window};
use crate::model::{self, Bucket, ColumnType, Currency, Table, Value};

/// The column that tells which rows a part has.
const FOUND: &str = "found";

impl Scope<'_> {
    /// A row for each bucket and each group that occurs in any of the parts, in the order of buckets and of groups, null
    /// last; where no group occurs, of one whose names are null.
    ///
    /// Each part has one row a `bucket` and group and its own figures. Where it has none, whole numbers and amounts
    /// are 0. Rows of a null bucket only say that their group occurs.
    ///
    /// # Errors
    /// When there are more rows than the answer may have.
    pub(super) fn complete(&self, parts: Vec<LazyFrame>, own: &[&'static str]) -> Result<DataFrame, MetricError> {
        let names = self.names(own);
        let mut frames = Vec::with_capacity(parts.len());
        for part in parts {
            frames.push(part.collect()?);
        }
        let groups = self.groups(&frames.iter().collect::<Vec<_>>(), own)?;
        let buckets = self.question.range.buckets.len();
        if groups.height().saturating_mul(buckets) > self.most {
            return Err(MetricError::TooManyRows(self.most));
        }
        let buckets = self.bucket_ends()?.lazy().select([col("bucket")]);
        let mut rows = crossed(buckets, groups);
        for frame in frames {
            rows = joined(rows, frame, &names);
        }
        Ok(rows.collect()?)
    }
}

impl Scope<'_> {
    /// The groups that occur in any of the frames, in their order; where there is none, one of nulls.
    ///
    /// # Errors
    /// When a frame lacks a column.
    pub(super) fn groups(&self, frames: &[&DataFrame], own: &[&'static str]) -> Result<DataFrame, MetricError> {
        let names = self.names(own);
        if names.is_empty() {
            return Ok(DataFrame::new(1, Vec::new())?);
        }
        let columns: Vec<_> = names.iter().map(|name| col(*name)).collect();
        let named = |frame: &&DataFrame| (*frame).clone().lazy().select(columns.clone());
        let all = concat(frames.iter().map(named).collect::<Vec<_>>(), Default::default())?;
        let order = SortMultipleOptions::default().with_nulls_last(true);
        let groups = all
            .unique(None, UniqueKeepStrategy::Any)
            .sort(names.clone(), order)
            .collect()?;
        if groups.height() > 0 {
            return Ok(groups);
        }
        let null = |name: &&str| Series::new((*name).into(), [None::<&str>]).into_column();
        Ok(DataFrame::new(1, names.iter().map(null).collect())?)
    }

    /// The rows with a figure that `part` has for each group; 0 where it has none.
    pub(super) fn beside(&self, rows: LazyFrame, part: LazyFrame, figure: &'static str) -> LazyFrame {
        const ALL: &str = "all";
        // Without groups, all rows belong to one.
        let keys: Vec<_> = std::iter::once(ALL).chain(self.names(&[])).map(col).collect();
        let one = || lit(true).alias(ALL);
        let joined = rows
            .with_column(one())
            .join(part.with_column(one()), keys.clone(), keys, nulls_equal());
        joined
            .with_column(col(figure).fill_null(lit(0i64)))
            .drop(by_name([ALL], true, false))
    }
}

/// Each row with each group.
pub(super) fn crossed(rows: LazyFrame, groups: DataFrame) -> LazyFrame {
    match groups.width() {
        0 => rows,
        _ => rows.cross_join(groups.lazy(), None),
    }
}

/// The rows with the figures of one part.
fn joined(rows: LazyFrame, part: DataFrame, names: &[&str]) -> LazyFrame {
    let is_figure =
        |column: &&polars::prelude::Column| column.name() != "bucket" && !names.contains(&column.name().as_str());
    let zero = |column: &polars::prelude::Column| {
        let here = col(column.name().clone());
        match column.dtype() {
            DataType::Int64 => here.fill_null(lit(0i64)),
            DataType::Int128 => when(col(FOUND).is_null())
                .then(lit(0i64).cast(DataType::Int128))
                .otherwise(here),
            _ => here,
        }
        .alias(column.name().clone())
    };
    let figures: Vec<_> = part.columns().iter().filter(is_figure).map(zero).collect();
    let keys: Vec<_> = std::iter::once("bucket")
        .chain(names.iter().copied())
        .map(col)
        .collect();
    let part = part.lazy().with_column(lit(true).alias(FOUND));
    rows.join(part, keys.clone(), keys, nulls_equal())
        .with_columns(figures)
        .drop(by_name([FOUND], true, false))
}

/// The rows as a table, under the columns of buckets, of the asked dimensions and those that the metric declares.
///
/// A column that the frame does not have is null, and so is a rate of which it has no numbers.
///
/// # Errors
/// When a column is not of its type.
pub(super) fn table(question: &Question, columns: &[Column], frame: &DataFrame) -> Result<Table, MetricError> {
    let groups = &question.group_by;
    let own: Vec<&Column> = columns.iter().filter(|column| !groups.contains(&column.name)).collect();
    let mut table = Table {
        columns: heads(question, &own),
        rows: Vec::with_capacity(frame.height()),
    };
    let at = frame.column("bucket")?.i64()?;
    let cells = Cells::of(question, frame)?;
    for row in 0..frame.height() {
        let bucket = at
            .get(row)
            .and_then(|at| question.range.buckets.get(usize::try_from(at).ok()?));
        let Some(bucket) = bucket else { continue };
        let mut values = vec![
            Value::Time(question.range.local(bucket.start)),
            Value::Time(question.range.local(bucket.end)),
            Value::Bool(question.complete(bucket)),
        ];
        for name in groups {
            values.push(cells.plain(row, name, ColumnType::Text)?);
        }
        for column in &own {
            values.push(cells.value(row, column, bucket)?);
        }
        table.rows.push(values);
    }
    Ok(table)
}

/// The columns of an answer: those of its buckets and groups, then the metric's own.
pub fn heads(question: &Question, own: &[&Column]) -> Vec<model::Column> {
    let head = |name: &str, kind, role, unit| model::Column {
        name: name.to_owned(),
        kind,
        role,
        unit,
    };
    let mut heads = vec![
        head("bucket_start", ColumnType::Timestamp, Role::Bucket, None),
        head("bucket_end", ColumnType::Timestamp, Role::Bucket, None),
        head("complete", ColumnType::Boolean, Role::Bucket, None),
    ];
    let groups = question.group_by.iter();
    heads.extend(groups.map(|name| head(name, ColumnType::Text, Role::Group, None)));
    heads.extend(
        own.iter()
            .map(|column| head(column.name, column.kind(question), column.role, column.unit(question))),
    );
    heads
}

/// The windows of the columns that a frame has figures for, in the order of the columns.
pub(super) fn windows(question: &Question, columns: &[Column], frame: &DataFrame) -> Vec<Window> {
    let has = |name: &str| frame.schema().contains(name);
    let is_there = |column: &&Column| has(column.ratio.map_or(column.name, |ratio| ratio.n));
    let mut windows: Vec<Window> = Vec::new();
    for column in columns.iter().filter(is_there) {
        let Some(settling) = column.window else { continue };
        let written = settling.after.written(question);
        match windows.iter_mut().find(|window| window.written == written) {
            Some(window) => window.columns.push(column.name),
            None => windows.extend(window(column, &settling.after, question)),
        }
    }
    windows
}

fn window(column: &Column, after: &After, question: &Question) -> Option<Window> {
    Some(Window {
        columns: vec![column.name],
        written: after.written(question).to_owned(),
        length: after.length(question)?,
    })
}

/// The cells of a frame.
struct Cells<'a> {
    question: &'a Question,
    frame: &'a DataFrame,
    /// Of each row, the currency of its amounts.
    currencies: Vec<Option<Currency>>,
}

impl<'a> Cells<'a> {
    fn of(question: &'a Question, frame: &'a DataFrame) -> Result<Self, MetricError> {
        let currencies = match (question.currency, frame.column("currency")) {
            (Some(currency), _) => vec![Some(currency); frame.height()],
            (None, Ok(codes)) => codes.str()?.iter().map(|code| Currency::parse(code?)).collect(),
            (None, Err(_)) => vec![None; frame.height()],
        };
        Ok(Cells {
            question,
            frame,
            currencies,
        })
    }

    /// The cell of a declared column.
    fn value(&self, row: usize, column: &Column, bucket: &Bucket) -> Result<Value, MetricError> {
        if column.name == "currency" {
            let code = self.currencies[row].as_ref().map(Currency::code);
            return Ok(code.map_or(Value::Null, |code| Value::Text(code.to_owned())));
        }
        let waits = column.window.filter(|window| !window.told).is_some_and(|window| {
            let length = window.after.length(self.question);
            length.is_none_or(|length| !self.question.mature(bucket, length))
        });
        match (column.role, column.ratio) {
            (Role::Count, _) if waits => Ok(Value::Int(0)),
            _ if waits => Ok(Value::Null),
            (role, Some(ratio)) => self.rate(row, role, ratio),
            (_, None) => self.plain(row, column.name, column.kind(self.question)),
        }
    }

    /// A rate or an end of its interval.
    fn rate(&self, row: usize, role: Role, Ratio { hits, n }: Ratio) -> Result<Value, MetricError> {
        let Some((hits, n)) = self.count(row, hits)?.zip(self.count(row, n)?) else {
            return Ok(Value::Null);
        };
        let number = match role {
            Role::Low => wilson(hits, n).map(|span| span.low),
            Role::High => wilson(hits, n).map(|span| span.high),
            _ => ratio(hits, n),
        };
        Ok(number.map_or(Value::Null, Value::Number))
    }

    fn count(&self, row: usize, name: &str) -> Result<Option<i64>, MetricError> {
        match self.frame.column(name) {
            Ok(column) => Ok(column.i64()?.get(row)),
            Err(_) => Ok(None),
        }
    }

    /// A cell of the frame as a value of a type.
    fn plain(&self, row: usize, name: &str, kind: ColumnType) -> Result<Value, MetricError> {
        let Ok(column) = self.frame.column(name) else {
            return Ok(Value::Null);
        };
        let cell = column.get(row)?;
        let value = match (kind, cell) {
            (_, AnyValue::Null) => Value::Null,
            (ColumnType::Timestamp, AnyValue::Int64(micros)) => match chrono::DateTime::from_timestamp_micros(micros) {
                Some(moment) => Value::Time(self.question.range.local(moment)),
                None => Value::Null,
            },
            (ColumnType::Integer, AnyValue::Int64(count)) => Value::Int(count),
            (ColumnType::Amount, AnyValue::Int128(minor)) => match self.currencies[row] {
                Some(currency) => Value::Amount {
                    minor,
                    exponent: currency.exponent(),
                },
                None => Value::Null,
            },
            (ColumnType::Number, AnyValue::Float64(number)) if number.is_finite() => Value::Number(number),
            (ColumnType::Number, AnyValue::Float64(_)) => Value::Null,
            (ColumnType::Text, AnyValue::String(text)) => Value::Text(text.to_owned()),
            (ColumnType::Text, AnyValue::StringOwned(text)) => Value::Text(text.to_string()),
            (kind, cell) => return Err(MetricError::Type(format!("{name}: {cell:?} is no {}", kind.as_str()))),
        };
        Ok(value)
    }
}

/// The combinations of values of some columns of a frame, and which of them each row has.
pub(super) struct Places {
    /// One row for each combination, in no order.
    pub groups: DataFrame,
    /// For each row of the frame, the row of its combination.
    pub of_rows: Vec<usize>,
}

impl Places {
    pub fn of(frame: &DataFrame, names: &[&str]) -> Result<Self, MetricError> {
        let columns: Vec<_> = names.iter().map(|name| col(*name)).collect();
        let groups = frame
            .clone()
            .lazy()
            .select(columns)
            .unique(None, UniqueKeepStrategy::Any)
            .collect()?;
        let of_rows = Places::within(&groups, frame, names)?;
        Ok(Places { groups, of_rows })
    }

    /// For each row of a frame, the row of `groups` that has the same values of some columns.
    ///
    /// # Errors
    /// When there is none.
    pub fn within(groups: &DataFrame, frame: &DataFrame, names: &[&str]) -> Result<Vec<usize>, MetricError> {
        const AT: &str = "at";
        let names: Vec<_> = names.iter().map(|name| col(*name)).collect();
        let groups = groups.clone().lazy().select(names.clone()).with_row_index(AT, None);
        let rows = frame
            .clone()
            .lazy()
            .select(names.clone())
            .join(groups, names.clone(), names, nulls_equal());
        let at = rows.collect()?;
        let at = at.column(AT)?.idx()?.iter().map(|at| at.map(|at| at as usize));
        at.collect::<Option<_>>()
            .ok_or(MetricError::Type("a row belongs to no group".into()))
    }
}

/// The texts of a column.
pub(super) fn texts(frame: &DataFrame, name: &str) -> Result<Vec<Option<String>>, MetricError> {
    Ok(frame
        .column(name)?
        .str()?
        .iter()
        .map(|text| text.map(str::to_owned))
        .collect())
}

/// The whole numbers of a column, 0 where there is none.
pub(super) fn counts(frame: &DataFrame, name: &str) -> Result<Vec<i64>, MetricError> {
    Ok(frame
        .column(name)?
        .i64()?
        .iter()
        .map(Option::unwrap_or_default)
        .collect())
}

/// A left join in which null is a value as any other; the rows of the left stay in their order.
pub(super) fn nulls_equal() -> JoinArgs {
    JoinArgs {
        nulls_equal: true,
        maintain_order: MaintainOrderJoin::Left,
        ..JoinArgs::new(JoinType::Left)
    }
}
