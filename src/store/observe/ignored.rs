//! Fields that senders wrote beside the contract, counted by name: as many names as fit, and all others as one number.

use std::collections::BTreeMap;

use duckdb::Connection;
use polars::prelude::DataFrame;

use crate::model::{Ignored, Param, Params};
use crate::query;
use crate::store::{StoreError, sql};

/// Names that are counted each on its own.
const MOST: usize = 100;

/// A field and how often it was ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredCount {
    /// Its path.
    pub field: String,
    /// The path of the field that was probably meant.
    pub meant: Option<String>,
    /// In how many events.
    pub times: u64,
}

/// Ignored fields of many events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IgnoredCounts {
    named: BTreeMap<String, (Option<String>, u64)>,
    others: u64,
}

impl IgnoredCounts {
    /// Adds those of one event.
    pub fn add(&mut self, ignored: &Ignored) {
        self.others = self.others.saturating_add(ignored.others);
        for field in &ignored.fields {
            self.count(&field.field, field.meant.as_deref(), 1);
        }
    }

    /// Adds those of other events.
    pub fn extend(&mut self, more: &IgnoredCounts) {
        self.others = self.others.saturating_add(more.others);
        for (field, (meant, times)) in &more.named {
            self.count(field, meant.as_deref(), *times);
        }
    }

    fn count(&mut self, field: &str, meant: Option<&str>, times: u64) {
        if let Some((_, known)) = self.named.get_mut(field) {
            *known = known.saturating_add(times);
            return;
        }
        if self.named.len() >= MOST && !(meant.is_some() && self.make_room()) {
            self.others = self.others.saturating_add(times);
            return;
        }
        self.named.insert(field.to_owned(), (meant.map(str::to_owned), times));
    }

    /// Moves the rarest name that resembles no field to the others; false where there is none.
    fn make_room(&mut self) -> bool {
        let plain = self.named.iter().filter(|(_, (meant, _))| meant.is_none());
        let rarest = plain
            .min_by_key(|(_, (_, times))| *times)
            .map(|(field, _)| field.clone());
        let removed = rarest.and_then(|field| self.named.remove(&field));
        self.others = self
            .others
            .saturating_add(removed.as_ref().map_or(0, |(_, times)| *times));
        removed.is_some()
    }

    /// How many fields were ignored.
    pub fn total(&self) -> u64 {
        let named = self.named.values().map(|(_, times)| *times);
        named.fold(self.others, u64::saturating_add)
    }

    /// The fields to look at first, likely misspellings before the most frequent; and how many more were ignored.
    pub fn top(&self, most: usize) -> (Vec<IgnoredCount>, u64) {
        let count = |(field, (meant, times)): (&String, &(Option<String>, u64))| IgnoredCount {
            field: field.clone(),
            meant: meant.clone(),
            times: *times,
        };
        let mut all: Vec<IgnoredCount> = self.named.iter().map(count).collect();
        // Of equals the first by name; the sort is stable.
        all.sort_by_key(|one| (one.meant.is_none(), std::cmp::Reverse(one.times)));
        all.truncate(most);
        let listed = all.iter().map(|one| one.times).fold(0, u64::saturating_add);
        (all, self.total().saturating_sub(listed))
    }

    /// Writes them as those of a source.
    pub(super) fn save(&self, connection: &Connection, source: &str) -> Result<(), StoreError> {
        let own = || ("source", Param::Text(source.to_owned()));
        sql::run(connection, &query!("jobs/forget_ignored"), &vec![own()])?;
        let text = |text: Option<&str>| text.map_or(Param::Null, |text| Param::Text(text.to_owned()));
        let named = self
            .named
            .iter()
            .map(|(field, (meant, times))| (Some(&**field), meant.as_deref(), *times));
        let others = (self.others > 0).then_some((None, None, self.others));
        for (field, meant, times) in named.chain(others) {
            let params: Params = vec![
                own(),
                ("field", text(field)),
                ("meant", text(meant)),
                ("times", Param::Int(i64::try_from(times).unwrap_or(i64::MAX))),
            ];
            sql::run(connection, &query!("jobs/save_ignored"), &params)?;
        }
        Ok(())
    }

    /// Reads them back, by source.
    pub(super) fn saved(frame: &DataFrame) -> Result<BTreeMap<String, IgnoredCounts>, StoreError> {
        let texts = |name: &str| -> Result<_, StoreError> { Ok(frame.column(name)?.str()?) };
        let (sources, fields, meant) = (texts("source")?, texts("field")?, texts("meant")?);
        let times = frame.column("times")?.i64()?;
        let mut counts: BTreeMap<String, IgnoredCounts> = BTreeMap::new();
        for row in 0..frame.height() {
            let own = counts
                .entry(sources.get(row).unwrap_or_default().to_owned())
                .or_default();
            let times = times.get(row).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
            match fields.get(row) {
                Some(field) => own.count(field, meant.get(row), times),
                None => own.others = own.others.saturating_add(times),
            }
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::IgnoredField;

    fn of(names: impl IntoIterator<Item = (String, bool)>) -> Ignored {
        let field = |(name, near): (String, bool)| IgnoredField {
            meant: near.then(|| "data.bot_id".to_owned()),
            field: name,
        };
        Ignored {
            fields: names.into_iter().map(field).collect(),
            others: 0,
        }
    }

    #[test]
    fn as_many_names_as_fit_are_counted_and_a_misspelling_takes_the_place_of_the_rarest() {
        let mut counts = IgnoredCounts::default();
        counts.add(&of((0..MOST).map(|n| (format!("n{n:03}"), false))));
        counts.add(&of((1..MOST + 20).map(|n| (format!("n{n:03}"), false))));
        assert_eq!((counts.named.len(), counts.others), (MOST, 20));
        counts.add(&of([("botId".to_owned(), true)]));
        assert_eq!((counts.named.len(), counts.others), (MOST, 21));
        assert!(!counts.named.contains_key("n000"), "it was seen once, the others twice");
        let (top, others) = counts.top(2);
        let told: Vec<(&str, u64)> = top.iter().map(|one| (&*one.field, one.times)).collect();
        assert_eq!(told, [("botId", 1), ("n001", 2)]);
        assert_eq!(counts.total(), 100 + 119 + 1);
        assert_eq!(others, 220 - 3);
    }

    #[test]
    fn misspellings_alone_fill_it_too() {
        let mut counts = IgnoredCounts::default();
        counts.add(&of((0..MOST + 1).map(|n| (format!("n{n:03}"), true))));
        assert_eq!((counts.named.len(), counts.others), (MOST, 1));
    }
}
