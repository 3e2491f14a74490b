//! The schema: migrations, and which of them a database has seen.

use duckdb::Connection;

use super::query::{execute, row};
use crate::model::Query;
use crate::query;
use crate::store::StoreError;

/// What makes the next version of a database.
enum Migration {
    /// A file of SQL changes the schema.
    Sql(Query),
    /// The rules of folding have changed: projections and facts are made again from the events.
    Refold,
}

use Migration::{Refold, Sql};

/// Migrations in order; the version of a database is the number of those it has seen.
const MIGRATIONS: &[Migration] = &[
    Sql(query!("schema/001_ledger")),
    Sql(query!("schema/002_providers")),
    Sql(query!("schema/003_annotations")),
    Refold,
    Sql(query!("schema/005_delivered")),
    Refold,
    Sql(query!("schema/006_returns")),
    Refold,
    Sql(query!("schema/007_ignored")),
    Sql(query!("schema/008_kept")),
    Sql(query!("schema/009_moved")),
    Sql(query!("schema/010_set_aside")),
    Refold,
    Sql(query!("schema/011_identity")),
    Sql(query!("schema/012_verdict")),
    Sql(query!("schema/013_instruments")),
];

/// How many of them a database has seen.
///
/// # Errors
/// [`StoreError::NewerSchema`] where it has seen more than there are.
fn seen(connection: &Connection) -> Result<usize, StoreError> {
    let found: i64 = row(connection, &query!("schema/version"), [], |row| row.get(0))?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    Ok(found as usize)
}

/// Whether a database has seen all migrations.
pub fn is_current(connection: &Connection) -> Result<bool, StoreError> {
    Ok(seen(connection)? == MIGRATIONS.len())
}

/// Applies the migrations that the database has not seen, each in a transaction.
///
/// However many of them are a [`Migration::Refold`], all is thrown away once, by the schema as it is in the end. Each
/// notes that nothing is folded: where a start breaks off in between, the next one goes on.
pub fn migrate(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(query!("schema/000_version").sql)?;
    let mark = query!("schema/mark_version");
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(seen(connection)?) {
        let transaction = connection.unchecked_transaction()?;
        match migration {
            Sql(query) => execute(&transaction, query)?,
            Refold => execute(&transaction, &query!("schema/refold"))?,
        }
        transaction.execute(mark.sql, [index as i64 + 1])?;
        transaction.commit()?;
    }
    if !row(connection, &query!("schema/left_over"), [], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    execute(&transaction, &query!("jobs/reset"))?;
    Ok(transaction.commit()?)
}
