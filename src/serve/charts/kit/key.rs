//! What rows are of: the values of their grouping columns.

use std::collections::HashMap;

use super::unseen::runs_leftwards;
use crate::model::{Table, Value};

/// The values of the grouping columns that rows share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub parts: Vec<(String, Option<String>)>,
}

impl Key {
    /// That of a row, by some columns.
    pub fn of(table: &Table, row: usize, columns: &[&str]) -> Self {
        let part = |column: &&str| {
            let value = table.cell(row, column);
            ((*column).to_owned(), (*value != Value::Null).then(|| value.to_text()))
        };
        Key {
            parts: columns.iter().map(part).collect(),
        }
    }

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

/// Keys in the order of their first appearance.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub all: Vec<Key>,
    places: HashMap<Key, usize>,
}

impl Keys {
    /// The place of a key.
    pub fn find(&self, key: &Key) -> Option<usize> {
        self.places.get(key).copied()
    }

    /// The place of a key, which is added where it is new.
    pub fn find_or_add(&mut self, key: Key) -> usize {
        self.find(&key).unwrap_or_else(|| {
            self.all.push(key.clone());
            self.places.insert(key, self.all.len() - 1);
            self.all.len() - 1
        })
    }
}
