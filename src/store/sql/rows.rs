//! The cells of a frame, by column and row.

use chrono::{DateTime, Utc};
use polars::prelude::DataFrame;

use super::query::instant;
use crate::store::StoreError;

/// Reads a frame cell by cell; a row that the frame does not have is null.
#[derive(Clone, Copy)]
pub struct Rows<'a>(pub &'a DataFrame);

impl<'a> Rows<'a> {
    /// A whole number.
    pub fn int(self, name: &str, row: usize) -> Result<Option<i64>, StoreError> {
        let column = self.0.column(name)?.i64()?;
        Ok((row < column.len()).then(|| column.get(row)).flatten())
    }

    /// A whole number that is not negative; 0 where it is null.
    pub fn count(self, name: &str, row: usize) -> Result<u64, StoreError> {
        Ok(self.int(name, row)?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
    }

    /// A moment, which queries give in microseconds since 1970.
    pub fn time(self, name: &str, row: usize) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.int(name, row)?.map(instant).transpose()
    }

    /// A text.
    pub fn text(self, name: &str, row: usize) -> Result<Option<&'a str>, StoreError> {
        let column = self.0.column(name)?.str()?;
        Ok((row < column.len()).then(|| column.get(row)).flatten())
    }

    /// A text; empty where it is null.
    pub fn string(self, name: &str, row: usize) -> Result<String, StoreError> {
        Ok(self.text(name, row)?.unwrap_or_default().to_owned())
    }
}
