//! Which buckets of an answer have not settled, for each window of its metric.

use chrono::{DateTime, Utc};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::metrics::{Question, Window};
use crate::model::TimeRange;

/// How far the columns of one window have settled at `as_of`. Buckets settle in their order, so those that have not
/// are the last of the range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maturity {
    /// The columns.
    pub columns: Vec<&'static str>,
    /// Time from a bucket's end until they have settled, as questions write it.
    pub window: String,
    /// End of the last bucket that has settled; `None` while none has.
    pub mature_until: Option<DateTime<Utc>>,
    /// Start of the first bucket that has not; `None` where all have.
    pub immature_from: Option<DateTime<Utc>>,
    /// Buckets that have not.
    pub immature: usize,
}

/// How far each window of an answer is over.
pub fn of(question: &Question, windows: Vec<Window>) -> Vec<Maturity> {
    let buckets = &question.range.buckets;
    let told = |window: Window| {
        let (mature, immature) = buckets.split_at(buckets.partition_point(|one| question.mature(one, window.length)));
        Maturity {
            columns: window.columns,
            window: window.written,
            mature_until: mature.last().map(|bucket| bucket.end),
            immature_from: immature.first().map(|bucket| bucket.start),
            immature: immature.len(),
        }
    };
    windows.into_iter().map(told).collect()
}

/// One of them as the answers write it, its moments in the zone of the range.
pub struct Stated<'a> {
    /// What is written.
    pub one: &'a Maturity,
    /// The range of the answer.
    pub range: &'a TimeRange,
}

impl Serialize for Stated<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Maturity {
            columns,
            window,
            mature_until,
            immature_from,
            immature,
        } = self.one;
        let local = |at: &Option<DateTime<Utc>>| at.map(|at| self.range.local(at).to_rfc3339());
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("columns", columns)?;
        map.serialize_entry("window", window)?;
        map.serialize_entry("mature_until", &local(mature_until))?;
        map.serialize_entry("immature_from", &local(immature_from))?;
        map.serialize_entry("immature", immature)?;
        map.end()
    }
}
