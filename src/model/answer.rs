//! The shape of an answer: flat rows under typed columns, the same for JSON, CSV and charts.

use chrono::{DateTime, FixedOffset};

use super::money::format_minor;

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Instant with the offset of the asked zone.
    Timestamp,
    /// Whole number.
    Integer,
    /// Real number; rates lie in 0..1.
    Number,
    /// Decimal string with exactly the currency's decimals.
    Amount,
    /// Text.
    Text,
    /// True or false.
    Boolean,
}

impl ColumnType {
    /// The word in the answer.
    pub fn as_str(self) -> &'static str {
        match self {
            ColumnType::Timestamp => "timestamp",
            ColumnType::Integer => "integer",
            ColumnType::Number => "number",
            ColumnType::Amount => "amount",
            ColumnType::Text => "text",
            ColumnType::Boolean => "boolean",
        }
    }
}

/// A column's name, type and unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name, the same in every format.
    pub name: String,
    /// Type of its cells.
    pub kind: ColumnType,
    /// `bots`, `payments`, `ratio`, `seconds` …; `None` where it has none.
    pub unit: Option<&'static str>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Undefined or unknown; never 0.
    Null,
    /// Instant with the offset of the asked zone.
    Time(DateTime<FixedOffset>),
    /// Whole number.
    Int(i64),
    /// Real number.
    Number(f64),
    /// Minor units and the currency's decimals.
    Amount {
        /// Minor units.
        minor: i128,
        /// Decimals of the currency.
        exponent: u32,
    },
    /// Text.
    Text(String),
    /// True or false.
    Bool(bool),
}

impl Value {
    /// The cell as plain text, as CSV writes it; null is empty.
    pub fn to_text(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Time(at) => at.to_rfc3339(),
            Value::Int(n) => n.to_string(),
            Value::Number(x) => x.to_string(),
            Value::Amount { minor, exponent } => format_minor(*minor, *exponent),
            Value::Text(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
        }
    }

    /// The cell as a float for drawing; amounts in major units. `None` for null and text.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(n) => Some(*n as f64),
            Value::Number(x) => Some(*x),
            Value::Amount { minor, exponent } => Some(*minor as f64 / 10f64.powi(*exponent as i32)),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Rows under columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows; each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// Position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// One cell; null where there is no such column.
    pub fn cell(&self, row: usize, name: &str) -> &Value {
        const NULL: &Value = &Value::Null;
        match (self.rows.get(row), self.position(name)) {
            (Some(cells), Some(at)) => cells.get(at).unwrap_or(NULL),
            _ => NULL,
        }
    }
}
