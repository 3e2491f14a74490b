//! The database of a stopped application, read with SQL that the product does not know.

use std::path::Path;

use duckdb::types::Value;
use duckdb::{Config, Connection};

/// The open file.
pub struct Ledger(pub Connection);

impl Ledger {
    /// Opens the database of a folder on which no application runs.
    pub fn open(data_dir: &Path) -> Self {
        let file = data_dir.join("botledger.duckdb");
        assert!(file.exists(), "{} is missing", file.display());
        let config = Config::default().threads(2).unwrap();
        Ledger(Connection::open_with_flags(file, config).unwrap())
    }

    /// One whole number.
    pub fn number(&self, sql: &str) -> i64 {
        self.0
            .query_row(sql, [], |row| row.get(0))
            .unwrap_or_else(|error| panic!("{error} in {sql}"))
    }

    /// All rows as text, null as an empty one.
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let mut statement = self.0.prepare(sql).unwrap_or_else(|error| panic!("{error} in {sql}"));
        let mut rows = statement.query([]).unwrap_or_else(|error| panic!("{error} in {sql}"));
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let width = row.as_ref().column_count();
            all.push((0..width).map(|at| text(row.get(at).unwrap())).collect());
        }
        all
    }

    /// Every fact, without the stamps of receipt: what two ledgers of the same events must share.
    pub fn facts(&self) -> Vec<String> {
        let tables = [
            "bots",
            "bot_spans",
            "bot_days",
            "conversations",
            "checkouts",
            "payments",
            "payment_attempts",
            "payment_movements",
        ];
        let cube = "select t::varchar from (select cell, mode, platform, path, sum(entered), sum(checkout), sum(paid) \
                    from conversation_cells group by all having sum(entered) <> 0) t order by 1";
        let mut facts: Vec<String> = self
            .rows(cube)
            .into_iter()
            .map(|row| format!("cell {}", row[0]))
            .collect();
        for table in tables {
            let stamped = !matches!(table, "bot_spans" | "payment_attempts" | "payment_movements");
            let columns = if stamped {
                "* exclude (first_received, last_received)"
            } else {
                "*"
            };
            let sql = format!("select t::varchar from (select {columns} from {table}) t order by 1");
            let rows = self.rows(&sql);
            facts.extend(rows.into_iter().map(|row| format!("{table} {}", row[0])));
        }
        facts
    }
}

fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Boolean(flag) => flag.to_string(),
        Value::TinyInt(n) => n.to_string(),
        Value::SmallInt(n) => n.to_string(),
        Value::Int(n) => n.to_string(),
        Value::BigInt(n) => n.to_string(),
        Value::HugeInt(n) => n.to_string(),
        Value::UTinyInt(n) => n.to_string(),
        Value::UInt(n) => n.to_string(),
        Value::UBigInt(n) => n.to_string(),
        Value::Double(x) => x.to_string(),
        Value::Text(text) => text,
        other => panic!("no plain cell: {other:?}"),
    }
}
