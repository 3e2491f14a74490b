//! The rows of an answer, sorted into series by group and bucket.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::names::distinct;
use super::unseen::runs_leftwards;
use crate::model::{Table, Value};
use crate::serve::charts::ChartRequest;
use crate::serve::numbers::{self, NOTHING, count};

const NULL: &Value = &Value::Null;

/// The values of the grouping columns that rows share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    parts: Vec<(String, Option<String>)>,
}

impl Key {
    /// The values for people; empty without grouping. What stands after them runs from left to right again.
    pub fn label(&self) -> String {
        let words = self.parts.iter().map(|(name, value)| {
            let nothing = if name == "currency" { "no currency" } else { "unknown" };
            let word = value.as_deref().unwrap_or(nothing);
            let mark = if runs_leftwards(word) { "\u{200e}" } else { "" };
            format!("{word}{mark}")
        });
        words.collect::<Vec<_>>().join(" \u{b7} ")
    }

    /// The values for people, without those of some columns.
    pub fn label_without(&self, columns: &[&str]) -> String {
        let own = |(name, _): &&(String, Option<String>)| !columns.contains(&name.as_str());
        let parts = self.parts.iter().filter(own).cloned().collect();
        Key { parts }.label()
    }

    /// Whether a column has a value here; a bucket without any group has none.
    pub fn is_null(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|(_, value)| value.is_none())
    }

    /// The value of one grouping column.
    pub fn get(&self, column: &str) -> Option<&str> {
        self.parts
            .iter()
            .find(|(name, _)| name == column)
            .and_then(|(_, value)| value.as_deref())
    }
}

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
        let index: BTreeMap<DateTime<Utc>, usize> = buckets.iter().enumerate().map(|(i, b)| (b.start, i)).collect();
        let mut grid = Grid {
            request,
            outer: Vec::new(),
            inner: Vec::new(),
            rows: BTreeMap::new(),
            wholes: HashMap::new(),
            outer_names: Vec::new(),
            inner_names: Vec::new(),
            complete: vec![true; buckets.len()],
        };
        let (mut outer_known, mut inner_known) = (HashMap::new(), HashMap::new());
        for row in 0..request.table.rows.len() {
            let Value::Time(start) = request.table.cell(row, "bucket_start") else {
                continue;
            };
            let Some(bucket) = index.get(&start.with_timezone(&Utc)).copied() else {
                continue;
            };
            let outer = find_or_add(
                &mut outer_known,
                &mut grid.outer,
                key(request.table, row, &outer_columns),
            );
            let inner = find_or_add(
                &mut inner_known,
                &mut grid.inner,
                key(request.table, row, split.as_slice()),
            );
            let slots = grid
                .rows
                .entry((outer, inner))
                .or_insert_with(|| vec![None; buckets.len()]);
            slots[bucket] = Some(row);
            if request.table.cell(row, "complete") == &Value::Bool(false) {
                grid.complete[bucket] = false;
            }
        }
        for row in 0..request.whole.rows.len() {
            let outer = outer_known.get(&key(request.whole, row, &outer_columns));
            let inner = inner_known.get(&key(request.whole, row, split.as_slice()));
            if let (Some(outer), Some(inner)) = (outer, inner) {
                grid.wholes.insert((*outer, *inner), row);
            }
        }
        let names = |keys: &[Key]| distinct(keys.iter().map(Key::label).collect());
        (grid.outer_names, grid.inner_names) = (names(&grid.outer), names(&grid.inner));
        grid
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
        let at = self.request.table.position(column);
        at.map_or_else(
            || NOTHING.to_owned(),
            |at| numbers::cell(&self.request.table.columns[at], value),
        )
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
        let mut series = Vec::new();
        let drawn: HashSet<usize> = drawn.iter().copied().collect();
        for (outer, inner) in self.rows.keys().copied().filter(|(outer, _)| drawn.contains(outer)) {
            for column in columns
                .iter()
                .filter(|column| self.request.table.position(column).is_some())
            {
                let parts: Vec<_> = self.outer[outer].parts.iter().chain(&self.inner[inner].parts).collect();
                let words: Vec<&str> = parts
                    .iter()
                    .map(|(_, value)| value.as_deref().unwrap_or("null"))
                    .collect();
                let name = if words.is_empty() {
                    (*column).to_owned()
                } else {
                    format!("{column} {}", words.join(" "))
                };
                let group: serde_json::Map<String, Json> =
                    parts.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
                let points: Vec<Json> = (0..self.complete.len())
                    .map(|bucket| json!([self.start(bucket), plain(self.cell(outer, inner, bucket, column))]))
                    .collect();
                series.push(json!({ "name": name, "column": column, "group": group, "points": points }));
            }
        }
        series
    }

    /// A bucket's beginning as the answer writes it.
    fn start(&self, bucket: usize) -> String {
        self.request
            .range
            .local(self.request.range.buckets[bucket].start)
            .to_rfc3339()
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
fn currencies(request: &ChartRequest) -> Vec<String> {
    let Some(at) = request.table.position("currency") else {
        return Vec::new();
    };
    let mut found: Vec<String> = request
        .table
        .rows
        .iter()
        .filter_map(|row| row.get(at)?.as_str())
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

fn key(table: &Table, row: usize, columns: &[&str]) -> Key {
    let part = |column: &&str| {
        let value = table.cell(row, column);
        (
            (*column).to_owned(),
            if *value == Value::Null {
                None
            } else {
                Some(value.to_text())
            },
        )
    };
    Key {
        parts: columns.iter().map(part).collect(),
    }
}

/// The place of a key in the order of first appearance.
fn find_or_add(known: &mut HashMap<Key, usize>, keys: &mut Vec<Key>, key: Key) -> usize {
    *known.entry(key.clone()).or_insert_with(|| {
        keys.push(key);
        keys.len() - 1
    })
}

impl Grid<'_> {
    /// A column of a group in the whole range, over all that splits it further.
    pub fn size(&self, outer: usize, column: &str) -> f64 {
        (0..self.inner.len())
            .filter_map(|inner| self.whole(outer, inner, column))
            .sum()
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
