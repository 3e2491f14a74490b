//! What a fold sets aside: entities with more rows than allowed, and those whose fold fails. The rest is folded.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use duckdb::Connection;
use polars::prelude::*;

use super::quarantine::{EntityKind, hash};
use crate::model::event::entity_key;
use crate::model::{Param, Params, Query};
use crate::query;
use crate::store::{StoreError, sql};

/// Version of the program, as it is noted with what is set aside.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Bots that one payment may name. It belongs to one of them, and each may have a row on each of its days.
pub const BOTS: i64 = 32;

/// The rules of folding: the version, and a number that is raised with each change of what a fold can do.
const RULES: &str = concat!(env!("CARGO_PKG_VERSION"), ", rules 1");

/// What decides whether an entity is set aside.
pub struct Rules {
    /// Rows that one entity may have.
    most: usize,
    /// Columns that no row of a table may lack.
    required: HashMap<String, Vec<String>>,
}

impl Rules {
    /// Notes the rules of this start. Where they are others than before, all that was set aside is tried again.
    pub fn start(connection: &Connection, most: usize) -> Result<Self, StoreError> {
        note_rules(connection, i64::try_from(most).unwrap_or(i64::MAX))?;
        let tables = FACTS.iter().map(|table| (*table).to_owned()).collect();
        let params = vec![("tables", Param::Texts(tables))];
        let frame = sql::frame(connection, &query!("jobs/required_columns"), &params, usize::MAX)?;
        let (tables, columns) = (frame.column("table_name")?.str()?, frame.column("column_name")?.str()?);
        let mut required: HashMap<String, Vec<String>> = HashMap::new();
        for (table, column) in tables.iter().flatten().zip(columns.iter().flatten()) {
            required.entry(table.to_owned()).or_default().push(column.to_owned());
        }
        Ok(Rules { most, required })
    }

    /// Rows that are folded at once, and those of one entity more: only some entities at a time may be large.
    pub fn at_once(&self) -> usize {
        self.most.saturating_mul(2)
    }

    /// That the rows of a frame fit a table.
    pub fn whole(&self, table: &str, frame: &DataFrame) -> Result<(), StoreError> {
        for column in self.required.get(table).into_iter().flatten() {
            if frame.column(column)?.null_count() > 0 {
                return Err(StoreError::Unfoldable(format!("{table} would have no {column}")));
            }
        }
        Ok(())
    }
}

/// What one fold, or one question about the past, leaves out.
pub struct Aside<'a> {
    connection: &'a Connection,
    rules: &'a Rules,
    /// Whether there is time for more.
    go_on: &'a dyn Fn() -> Result<(), StoreError>,
    /// Whether anything was found that was not set aside before.
    found: bool,
}

/// An entity that is to be set aside.
struct Found {
    kind: EntityKind,
    key: i64,
    checkout: Option<(String, String)>,
    rows: i64,
    /// None where it has too many rows, or another name of it is set aside.
    failure: Option<String>,
}

/// Tables of facts that are folded here.
const FACTS: [&str; 7] = [
    "payments",
    "payment_attempts",
    "payment_movements",
    "conversations",
    "checkouts",
    "bots",
    "bot_spans",
];

impl<'a> Aside<'a> {
    /// Nothing is found yet. What takes long asks `go_on` again and again, and ends with its error.
    pub fn new(connection: &'a Connection, rules: &'a Rules, go_on: &'a dyn Fn() -> Result<(), StoreError>) -> Self {
        Aside {
            connection,
            rules,
            go_on,
            found: false,
        }
    }

    /// What decides.
    pub fn rules(&self) -> &'a Rules {
        self.rules
    }

    /// Asked before something that takes long.
    ///
    /// # Errors
    /// If there is no time for it.
    pub fn go_on(&self) -> Result<(), StoreError> {
        (self.go_on)()
    }

    /// Sets aside what has too many rows, before any of them is read. `since` as in `refold`, where the query asks.
    pub fn bound(&mut self, kind: EntityKind, query: &Query, mut params: Params) -> Result<(), StoreError> {
        params.push(("most", Param::Int(i64::try_from(self.rules.most).unwrap_or(i64::MAX))));
        let frame = sql::frame(self.connection, query, &params, usize::MAX)?;
        let rows = sql::Rows(&frame);
        let counts_bots = frame.column("bots").is_ok();
        let found = (0..frame.height()).map(|row| {
            let checkout = rows.text("platform", row)?.zip(rows.text("name", row)?);
            let bots = if counts_bots { rows.int("bots", row)? } else { None };
            let bots = bots.filter(|bots| *bots > BOTS);
            Ok(Found {
                kind,
                key: match checkout {
                    Some((platform, name)) => entity_key(&["checkout", platform, name]),
                    None => rows.int("key", row)?.unwrap_or_default(),
                },
                checkout: checkout.map(|(platform, name)| (platform.to_owned(), name.to_owned())),
                rows: rows.int("rows", row)?.unwrap_or_default(),
                failure: bots.map(|bots| format!("it names {bots} bots; at most {BOTS} are allowed")),
            })
        });
        self.note(found.collect::<Result<_, StoreError>>()?)
    }

    /// Folds entities, each all rows of `events` with one `key`, and sets aside those whose fold fails.
    ///
    /// # Errors
    /// Where something else fails than the fold of entities, or it has to end before those that fail are found.
    pub fn fold<T>(
        &mut self,
        kind: EntityKind,
        key: &'static str,
        events: &DataFrame,
        fold: impl Fn(&DataFrame) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let attempt = |events: &DataFrame| {
            let result = catch_unwind(AssertUnwindSafe(|| fold(events)));
            result.unwrap_or_else(|panic| Err(StoreError::Unfoldable(told(&*panic))))
        };
        let (facts, failed) = match attempt(events) {
            Ok(facts) => (facts, Vec::new()),
            Err(StoreError::Unfoldable(_) | StoreError::Polars(_)) => sift(key, events, &attempt, self.go_on)?,
            Err(error) => return Err(error),
        };
        for found in &failed {
            tracing::error!(
                kind = kind.as_str(),
                hash = hash(found.0),
                error = found.2,
                "an entity cannot be folded"
            );
        }
        self.note(
            failed
                .into_iter()
                .map(|(key, rows, failure)| Found {
                    kind,
                    key,
                    checkout: None,
                    rows,
                    failure: Some(failure),
                })
                .collect(),
        )?;
        Ok(facts)
    }

    fn note(&mut self, found: Vec<Found>) -> Result<(), StoreError> {
        if found.is_empty() {
            return Ok(());
        }
        self.found = true;
        let limit = i64::try_from(self.rules.most).unwrap_or(i64::MAX);
        let of_checkout = |part: fn(&(String, String)) -> &String| -> Vec<Option<&str>> {
            found
                .iter()
                .map(|one| one.checkout.as_ref().map(|pair| part(pair).as_str()))
                .collect()
        };
        let kinds: Vec<&str> = found.iter().map(|one| one.kind.as_str()).collect();
        let keys: Vec<i64> = found.iter().map(|one| one.key).collect();
        let exceeded = |one: &Found| (one.failure.is_none() && one.rows > limit).then_some(limit);
        let frame = df!(
            "id" => found.iter().map(|one| format!("{}-{}", one.kind.as_str(), hash(one.key))).collect::<Vec<_>>(),
            "kind" => &kinds,
            "key" => &keys,
            "platform" => of_checkout(|pair| &pair.0),
            "name" => of_checkout(|pair| &pair.1),
            "rows" => found.iter().map(|one| one.rows).collect::<Vec<_>>(),
            "row_limit" => found.iter().map(exceeded).collect::<Vec<_>>(),
            "reason" => found.iter().map(|one| reason(one, self.rules.most)).collect::<Vec<_>>(),
        )?;
        sql::append(
            self.connection,
            "left_out",
            &frame.select(["kind", "key", "platform", "name"])?,
        )?;
        sql::append(self.connection, "found_aside", &frame)
    }

    /// Writes down what was found, and takes back what was to be tried again and is sound.
    pub fn keep(&self, upto: chrono::DateTime<chrono::Utc>) -> Result<(), StoreError> {
        if self.found {
            let params = vec![
                ("upto", Param::Time(upto)),
                ("program", Param::Text(PROGRAM.to_owned())),
            ];
            sql::run(self.connection, &query!("jobs/keep_set_aside"), &params)?;
        }
        sql::execute(self.connection, &query!("jobs/take_back"))
    }
}

/// Finds the entities whose fold fails by halving, and folds the others: their keys, rows and failures. What fails
/// without any entity is an error, and no fault of theirs.
#[allow(clippy::type_complexity, reason = "named once, in the sentence above")]
fn sift<T>(
    key: &'static str,
    events: &DataFrame,
    fold: &impl Fn(&DataFrame) -> Result<T, StoreError>,
    go_on: &dyn Fn() -> Result<(), StoreError>,
) -> Result<(T, Vec<(i64, i64, String)>), StoreError> {
    fold(&events.clear())?;
    let mut keys: Vec<i64> = events.column(key)?.i64()?.iter().flatten().collect();
    keys.sort_unstable();
    keys.dedup();
    let mut failed = Vec::new();
    let mut suspects = vec![(keys, events.clone())];
    while let Some((keys, events)) = suspects.pop() {
        go_on()?;
        let Err(error) = fold(&events) else { continue };
        match keys[..] {
            [] => return Err(error),
            [key] => failed.push((key, events.height() as i64, error.to_string())),
            _ => {
                let (first, second) = keys.split_at(keys.len() / 2);
                let own = |keys: &[i64], how| of_keys(&events, key, keys, how);
                suspects.push((first.to_vec(), own(first, JoinType::Semi)?));
                suspects.push((second.to_vec(), own(second, JoinType::Semi)?));
            }
        }
    }
    let out: Vec<i64> = failed.iter().map(|(key, ..)| *key).collect();
    let facts = fold(&of_keys(events, key, &out, JoinType::Anti)?)?;
    failed.sort_unstable_by_key(|(key, ..)| *key);
    Ok((facts, failed))
}

fn of_keys(events: &DataFrame, key: &'static str, keys: &[i64], how: JoinType) -> PolarsResult<DataFrame> {
    let keys = df!(key => keys)?.lazy();
    events
        .clone()
        .lazy()
        .join(keys, [col(key)], [col(key)], JoinArgs::new(how))
        .collect()
}

fn reason(found: &Found, most: usize) -> String {
    let (kind, rows) = (found.kind, found.rows);
    match (&found.failure, kind) {
        (Some(failure), _) => format!("cannot be folded: {failure}"),
        (None, _) if usize::try_from(rows).is_ok_and(|rows| rows <= most) => {
            "another name of it is set aside".to_owned()
        }
        (None, EntityKind::Payment) => {
            format!("{rows} events, or days of bots that these name; one payment may have at most {most}")
        }
        (None, EntityKind::Conversation) => {
            format!("{rows} events and payments; one conversation may have at most {most}")
        }
        (None, EntityKind::Checkout) => {
            format!("{rows} checkouts and payments share one checkout_id; at most {most} are allowed")
        }
        (None, EntityKind::Bot) => format!("{rows} events about the bot itself; one bot may have at most {most}"),
    }
}

/// What a panic said.
fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the program met a case that it does not handle".to_owned())
}

/// Whether anything is to be tried again.
pub fn is_waiting(connection: &Connection) -> Result<bool, StoreError> {
    let frame = sql::frame(connection, &query!("jobs/waiting_aside"), &Params::new(), 1)?;
    Ok(sql::Rows(&frame).count("waiting", 0)? > 0)
}

/// Notes the rules of this start; where they are others than before, all that was set aside is tried again.
fn note_rules(connection: &Connection, most: i64) -> Result<(), StoreError> {
    let frame = sql::frame(connection, &query!("jobs/fold_rules"), &Params::new(), 1)?;
    let rows = sql::Rows(&frame);
    let (program, before) = (rows.text("program", 0)?, rows.int("entity_rows", 0)?);
    if (program, before) == (Some(RULES), Some(most)) {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    sql::run(&transaction, &query!("jobs/retry_all"), &Params::new())?;
    // What may be one entity decides answers about the past too.
    if before.is_some_and(|before| before > 0 && before != most) {
        sql::run(&transaction, &query!("jobs/raise_epoch"), &Params::new())?;
    }
    let params = vec![("program", Param::Text(RULES.to_owned())), ("most", Param::Int(most))];
    sql::run(&transaction, &query!("jobs/keep_rules"), &params)?;
    Ok(transaction.commit()?)
}
