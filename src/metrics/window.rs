//! Windows: which columns of an answer still move after a bucket's end, and for how long.

use chrono::TimeDelta;

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
