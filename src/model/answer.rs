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
    /// Real number; rates are in 0..1.
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

/// What the cells of a column are, and so what may be done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Of the row's bucket: its edges, and whether it is complete.
    Bucket,
    /// The value of a dimension that was asked for.
    Group,
    /// A text that says which row this is.
    Key,
    /// A whole number that says which row this is.
    Position,
    /// The beginning of the bucket that gathered the row's cohort.
    Cohort,
    /// A number of things of the bucket: adds up over buckets and over groups.
    Count,
    /// A number of things that several buckets may have in common, such as members: adds up over groups, not over buckets.
    Stock,
    /// A number of different things, or of things that several rows share: does not add up.
    Distinct,
    /// A sum of money: adds up within one currency.
    Amount,
    /// A share of a denominator.
    Rate,
    /// A computed number: does not add up.
    Number,
    /// The lower end of an interval.
    Low,
    /// The upper end of an interval.
    High,
    /// A length of time.
    Duration,
    /// A moment that was found.
    Moment,
}

impl Role {
    /// The word in the catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Bucket => "bucket",
            Role::Group => "group",
            Role::Key => "key",
            Role::Position => "position",
            Role::Cohort => "cohort",
            Role::Count => "count",
            Role::Stock => "stock",
            Role::Distinct => "distinct",
            Role::Amount => "amount",
            Role::Rate => "rate",
            Role::Number => "number",
            Role::Low => "low",
            Role::High => "high",
            Role::Duration => "duration",
            Role::Moment => "moment",
        }
    }

    /// Whether such a cell says which row of its bucket it is of.
    pub fn is_name(self) -> bool {
        matches!(self, Role::Group | Role::Key | Role::Position)
    }

    /// Whether such cells are numbers that were counted, measured or computed.
    pub fn is_figure(self) -> bool {
        !self.is_name() && !matches!(self, Role::Bucket | Role::Cohort | Role::Moment)
    }

    /// Whether it is an end of an interval: the difference of two such ends bounds nothing.
    pub fn is_bound(self) -> bool {
        matches!(self, Role::Low | Role::High)
    }

    /// Whether the figures of groups add up to that of all of them.
    pub fn adds_over_groups(self) -> bool {
        matches!(self, Role::Count | Role::Stock | Role::Amount)
    }

    /// Whether the figures of buckets add up to that of the whole range.
    pub fn adds_over_buckets(self) -> bool {
        matches!(self, Role::Count | Role::Amount)
    }
}

/// A column's name, type, role and unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name, the same in every format.
    pub name: String,
    /// Type of its cells.
    pub kind: ColumnType,
    /// What they are.
    pub role: Role,
    /// `bots`, `payments`, `ratio`, `seconds` …; `None` if it has none.
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

    /// One cell; null if there is no such column.
    pub fn cell(&self, row: usize, name: &str) -> &Value {
        const NULL: &Value = &Value::Null;
        match (self.rows.get(row), self.position(name)) {
            (Some(cells), Some(at)) => cells.get(at).unwrap_or(NULL),
            _ => NULL,
        }
    }
}
