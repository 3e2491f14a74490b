//! Export of events to Parquet, one folder per UTC day of the event.

use std::path::Path;

use crate::query;
use crate::store::{Store, StoreError};

impl Store {
    /// Writes every event to Parquet files under `folder`, partitioned by day.
    ///
    /// # Errors
    /// When the folder is not empty or the file system or database fails.
    pub fn export_parquet(&self, folder: &Path) -> Result<u64, StoreError> {
        let target = folder
            .to_str()
            .ok_or(StoreError::Corrupt("the folder's name is no text"))?;
        self.shared.readers.unbounded(|connection| {
            let query = query!("serve/export_events");
            let failed = |error| StoreError::Query {
                query: query.name,
                error,
            };
            let mut statement = connection.prepare(query.sql).map_err(failed)?;
            let rows: i64 = statement.query_row([target], |row| row.get(0)).map_err(failed)?;
            Ok(rows.unsigned_abs())
        })
    }
}
