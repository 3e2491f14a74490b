//! The rows of an answer, sorted into series by group and bucket.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::Utc;
use serde_json::{Value as Json, json};

use super::key::{Key, Keys};
use super::names::distinct;
use crate::model::{Bucket, Table, Value};
use crate::serve::charts::ChartRequest;
use crate::serve::numbers::{self, NOTHING, count};

const NULL: &Value = &Value::Null;

/// An answer as panels (`outer`) of series (`inner`) over buckets.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    pub request: &'a ChartRequest<'a>,
    /// Groups that get a panel or a line each.
    pub outer: Vec<Key>,
    /// What splits each group further: steps or values of a share.
    pub inner: Vec<Key>,
    rows: BTreeMap<(usize, usize), Vec<Option<usize>>>,
    /// The row of the whole range of each series.
    wholes: HashMap<(usize, usize), usize>,
    outer_names: Vec<String>,
    inner_names: Vec<String>,
    /// Of each bucket, whether it is complete.
    pub complete: Vec<bool>,
}

impl<'a> Grid<'a> {
    /// Sorts the rows; `split` is the column that makes the inner series, if any.
    pub fn new(request: &'a ChartRequest<'a>, split: Option<&str>) -> Self {
        let mut outer_columns: Vec<&str> = request.group_by.iter().copied().filter(|c| Some(*c) != split).collect();
        if currencies(request).len() > 1 && !outer_columns.contains(&"currency") {
            // Money of unlike currencies shares no axis.
            outer_columns.push("currency");
        }
        let buckets = &request.range.buckets;
        let (mut outers, mut inners) = (Keys::default(), Keys::default());
        let mut rows = BTreeMap::new();
        let mut complete = vec![true; buckets.len()];
        let keys = |table: &Table, row: usize| {
            (
                Key::of(table, row, &outer_columns),
                Key::of(table, row, split.as_slice()),
            )
        };
        for row in 0..request.table.rows.len() {
            let Value::Time(start) = request.table.cell(row, "bucket_start") else {
                continue;
            };
            let Ok(bucket) = buckets.binary_search_by_key(&start.with_timezone(&Utc), |bucket| bucket.start) else {
                continue;
            };
            let (outer, inner) = keys(request.table, row);
            let series = (outers.find_or_add(outer), inners.find_or_add(inner));
            rows.entry(series).or_insert_with(|| vec![None; buckets.len()])[bucket] = Some(row);
            complete[bucket] &= request.table.cell(row, "complete") != &Value::Bool(false);
        }
        let wholes = (0..request.whole.rows.len()).filter_map(|row| {
            let (outer, inner) = keys(request.whole, row);
            Some(((outers.find(&outer)?, inners.find(&inner)?), row))
        });
        let names = |keys: &Keys| distinct(keys.all.iter().map(Key::label).collect());
        Grid {
            request,
            rows,
            wholes: wholes.collect(),
            outer_names: names(&outers),
            inner_names: names(&inners),
            outer: outers.all,
            inner: inners.all,
            complete,
        }
    }

    /// A group's name, unlike that of any other; empty without grouping.
    pub fn name(&self, outer: usize) -> &str {
        self.outer_names.get(outer).map_or("", String::as_str)
    }

    /// A group's name as the beginning of a sentence about it; empty without grouping.
    pub fn named(&self, outer: usize) -> String {
        match self.name(outer) {
            "" => String::new(),
            name => format!("{name}: "),
        }
    }

    /// The name of a step or of a value of a share, unlike that of any other.
    pub fn part(&self, inner: usize) -> &str {
        self.inner_names.get(inner).map_or("", String::as_str)
    }

    /// How many values a text of a column stands for: more than one where it tells of all others together.
    pub fn values(&self, column: &str, text: Option<&str>) -> usize {
        let left_out = self.request.left_out.filter(|left_out| left_out.column == column);
        left_out
            .filter(|left_out| text == Some(&left_out.label))
            .map_or(1, |left_out| left_out.values)
    }

    /// How many values a group stands for.
    fn told(&self, outer: usize) -> usize {
        let column = self.request.left_out.map_or("", |left_out| left_out.column);
        self.values(column, self.outer[outer].get(column))
    }

    /// One cell; null where there is no row.
    pub fn cell(&self, outer: usize, inner: usize, bucket: usize, column: &str) -> &'a Value {
        let row = self
            .rows
            .get(&(outer, inner))
            .and_then(|slots| slots.get(bucket).copied().flatten());
        row.map_or(NULL, |row| self.request.table.cell(row, column))
    }

    /// A number of the whole range.
    pub fn whole(&self, outer: usize, inner: usize, column: &str) -> Option<f64> {
        self.whole_cell(outer, inner, column).as_f64()
    }

    /// A cell of the whole range for people.
    pub fn whole_shown(&self, outer: usize, inner: usize, column: &str) -> String {
        self.written(column, self.whole_cell(outer, inner, column))
    }

    fn whole_cell(&self, outer: usize, inner: usize, column: &str) -> &'a Value {
        let row = self.wholes.get(&(outer, inner));
        row.map_or(NULL, |row| self.request.whole.cell(*row, column))
    }

    /// A cell for people.
    pub fn shown(&self, outer: usize, inner: usize, bucket: usize, column: &str) -> String {
        self.written(column, self.cell(outer, inner, bucket, column))
    }

    fn written(&self, column: &str, value: &Value) -> String {
        let own = self.request.table.columns.iter().find(|own| own.name == column);
        own.map_or_else(|| NOTHING.to_owned(), |own| numbers::cell(own, value))
    }

    /// A column over the buckets, for drawing.
    pub fn floats(&self, outer: usize, inner: usize, column: &str) -> Vec<Option<f64>> {
        (0..self.complete.len())
            .map(|bucket| self.cell(outer, inner, bucket, column).as_f64())
            .collect()
    }

    /// A column of one inner series, added up over all groups; null where all are.
    pub fn totals(&self, inner: usize, column: &str) -> Vec<Option<f64>> {
        let mut totals = vec![None; self.complete.len()];
        for outer in 0..self.outer.len() {
            for (total, value) in totals.iter_mut().zip(self.floats(outer, inner, column)) {
                if let Some(value) = value {
                    *total = Some(total.unwrap_or(0.0) + value);
                }
            }
        }
        totals
    }

    /// The currency of a group's amounts; empty of a group that has none.
    pub fn currency(&self, outer: usize) -> String {
        let own = self.outer.get(outer).and_then(|key| key.get("currency"));
        let split = self
            .outer
            .get(outer)
            .is_some_and(|key| key.parts.iter().any(|(name, _)| name == "currency"));
        if split {
            return own.unwrap_or_default().to_owned();
        }
        let only = || currencies(self.request).into_iter().next();
        only()
            .or_else(|| self.request.currency.map(str::to_owned))
            .unwrap_or_default()
    }

    /// Whether any of the columns holds a number other than 0.
    pub fn has_data(&self, columns: &[&str]) -> bool {
        let table = self.request.table;
        let positions: Vec<usize> = columns.iter().filter_map(|column| table.position(column)).collect();
        let told = |value: Option<&Value>| value.and_then(Value::as_f64).is_some_and(|x| x != 0.0);
        table
            .rows
            .iter()
            .any(|row| positions.iter().any(|at| told(row.get(*at))))
    }

    /// The plotted numbers for machines: these columns of the groups that are drawn.
    pub fn series(&self, columns: &[&str], drawn: &[usize]) -> Vec<Json> {
        let drawn: HashSet<usize> = drawn.iter().copied().collect();
        let known = |column: &&&str| self.request.table.position(column).is_some();
        let mut series = Vec::new();
        for (outer, inner) in self.rows.keys().copied().filter(|(outer, _)| drawn.contains(outer)) {
            let parts: Vec<_> = self.outer[outer].parts.iter().chain(&self.inner[inner].parts).collect();
            let group: serde_json::Map<String, Json> =
                parts.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
            for column in columns.iter().filter(known) {
                let words = parts.iter().map(|(_, value)| value.as_deref().unwrap_or("null"));
                let name = std::iter::once(*column).chain(words).collect::<Vec<_>>().join(" ");
                let point = |(bucket, edges): (usize, &Bucket)| {
                    let start = self.request.range.local(edges.start).to_rfc3339();
                    json!([start, plain(self.cell(outer, inner, bucket, column))])
                };
                let points: Vec<Json> = self.request.range.buckets.iter().enumerate().map(point).collect();
                series.push(json!({ "name": name, "column": column, "group": group, "points": points }));
            }
        }
        series
    }
}

/// A cell as the JSON answer shows it; amounts stay decimal strings.
fn plain(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int(n) => json!(n),
        Value::Number(x) => json!(x),
        Value::Bool(flag) => json!(flag),
        other => json!(other.to_text()),
    }
}

/// The currencies that occur, in order.
fn currencies(request: &ChartRequest) -> BTreeSet<String> {
    let at = request.table.position("currency");
    let rows = request.table.rows.iter();
    let codes = rows.filter_map(|row| row.get(at?)?.as_str());
    codes.map(str::to_owned).collect()
}

impl Grid<'_> {
    /// A column of a group in the whole range, over all that splits it further.
    pub fn size(&self, outer: usize, column: &str) -> f64 {
        (0..self.inner.len())
            .filter_map(|inner| self.whole(outer, inner, column))
            .sum()
    }

    /// The highest value of some columns of some groups, at least 0.
    pub fn highest(&self, outers: &[usize], columns: &[&str]) -> f64 {
        let series = outers
            .iter()
            .flat_map(|outer| (0..self.inner.len()).map(move |inner| (*outer, inner)));
        let values =
            series.flat_map(|(outer, inner)| columns.iter().flat_map(move |column| self.floats(outer, inner, column)));
        values.flatten().fold(0.0, f64::max)
    }

    /// The last value of a column of a group.
    pub fn last(&self, outer: usize, column: &str) -> f64 {
        let last = |inner| self.floats(outer, inner, column).into_iter().flatten().next_back();
        (0..self.inner.len()).filter_map(last).sum()
    }

    /// The groups by their size, largest first.
    pub fn by_size(&self, size: impl Fn(usize) -> f64) -> Vec<usize> {
        let mut sized: Vec<(usize, f64)> = (0..self.outer.len()).map(|outer| (outer, size(outer))).collect();
        // What tells of several values stands after all that tell of one.
        let several = |outer: usize| self.told(outer) > 1;
        sized.sort_by(|a, b| {
            several(a.0)
                .cmp(&several(b.0))
                .then(b.1.total_cmp(&a.1))
                .then(a.0.cmp(&b.0))
        });
        sized.into_iter().map(|(outer, _)| outer).collect()
    }

    /// What the groups that are not drawn come to in words: `3 others with 1,234 bots`; `None` where all are drawn.
    pub fn others(&self, drawn: &[usize], size: impl Fn(usize) -> f64, unit: &str) -> Option<String> {
        let drawn: HashSet<usize> = drawn.iter().copied().collect();
        let left: Vec<usize> = (0..self.outer.len()).filter(|outer| !drawn.contains(outer)).collect();
        let sum = left.iter().map(|outer| size(*outer)).sum();
        let values = left.iter().map(|outer| self.told(*outer)).sum();
        (!left.is_empty()).then(|| others(values, sum, unit))
    }
}

/// So many that are not drawn, and what they come to in a unit; without one it is no sum.
pub(crate) fn others(left: usize, sum: f64, unit: &str) -> String {
    let word = if left == 1 { "other" } else { "others" };
    match unit {
        "" => format!("and {left} {word}"),
        unit => format!("and {left} {word} with {} {unit}", count(sum)),
    }
}
