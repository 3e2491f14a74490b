//! Windows: which columns of an answer still move after a bucket's end, and for how long.

use chrono::TimeDelta;

use super::table::Spec;
use crate::model::time::parse_duration;

/// Columns of an answer that have settled for a bucket once this long has passed since its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The columns, in the order of the answer.
    pub columns: Vec<&'static str>,
    /// The length as questions write durations: `24h`, `60d`.
    pub written: String,
    /// The same length.
    pub length: TimeDelta,
}

impl Window {
    /// The window of the columns that it `settles`; `None` where `written` is no duration.
    pub(super) fn of(written: &str, columns: &[Spec], settles: impl Fn(&Spec) -> bool) -> Option<Self> {
        Some(Window {
            columns: columns
                .iter()
                .filter(|spec| settles(spec))
                .map(|(name, ..)| *name)
                .collect(),
            written: written.to_owned(),
            length: parse_duration(written)?,
        })
    }
}
