//! What the database remembers of the key that its pseudonyms were made with: its fingerprint, never the key.

use crate::model::{Param, Params};
use crate::query;
use crate::store::{Store, StoreError, lock, sql};

impl Store {
    /// The fingerprint of the key, once there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub fn pseudonym_key(&self) -> Result<Option<String>, StoreError> {
        let known =
            self.reading(|connection| sql::frame(connection, &query!("ingest/pseudonym_key"), &Params::new(), 1))?;
        Ok(known
            .column("fingerprint")?
            .str()?
            .iter()
            .next()
            .flatten()
            .map(str::to_owned))
    }

    /// Remembers the fingerprint of the key.
    ///
    /// # Errors
    /// When the database fails.
    pub fn remember_pseudonym_key(&self, fingerprint: &str) -> Result<(), StoreError> {
        let params = vec![("fingerprint", Param::Text(fingerprint.into()))];
        sql::run(
            &lock(&self.shared.folding),
            &query!("ingest/remember_pseudonym_key"),
            &params,
        )
    }
}
