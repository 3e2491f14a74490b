//! Rows of an answer as sentences and figures read them.

use std::cmp::Reverse;

use crate::model::{Table, Value};
use crate::serve::numbers;

/// Currencies that have a place in a sentence, and figures of their own; the table has all of them.
pub const CURRENCIES: usize = 4;

/// A row of a table; one that is not there has nothing but nulls.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The table.
    pub table: &'a Table,
    /// Its position.
    pub at: usize,
}

impl<'a> Row<'a> {
    /// A cell.
    pub fn cell(self, column: &str) -> &'a Value {
        self.table.cell(self.at, column)
    }

    /// A whole number; 0 where there is none.
    pub fn int(self, column: &str) -> i64 {
        self.cell(column).as_i64().unwrap_or(0)
    }

    /// A whole number for people; `0` where there is none.
    pub fn count(self, column: &str) -> String {
        numbers::integer(self.int(column))
    }

    /// A number.
    pub fn number(self, column: &str) -> Option<f64> {
        self.cell(column).as_f64()
    }

    /// A text; empty where there is none.
    pub fn text(self, column: &str) -> &'a str {
        self.cell(column).as_str().unwrap_or("")
    }

    /// The word in a column as people write it; `unknown` where there is none.
    pub fn name(self, column: &str) -> String {
        name(self.cell(column).as_str().unwrap_or("unknown"))
    }
}

/// The first row.
pub fn first(table: &Table) -> Row<'_> {
    Row { table, at: 0 }
}

/// The rows.
pub fn rows(table: &Table) -> impl DoubleEndedIterator<Item = Row<'_>> + Clone {
    (0..table.rows.len()).map(move |at| Row { table, at })
}

/// A count added up over rows, such as those of several currencies or providers.
pub fn sum<'a>(rows: impl Iterator<Item = Row<'a>>, column: &str) -> i64 {
    rows.map(|row| row.int(column)).fold(0, i64::saturating_add)
}

/// The rows, most payments first.
pub fn by_payments(table: &Table) -> Vec<Row<'_>> {
    let mut all: Vec<Row> = rows(table).collect();
    all.sort_by_key(|row| Reverse(row.cell("payments").as_i64()));
    all
}

/// The rows with a currency, most payments first, where there are several: what never had an amount has none.
pub fn with_money(table: &Table) -> Vec<Row<'_>> {
    let mut all = by_payments(table);
    if all.len() > 1 {
        all.retain(|row| !row.text("currency").is_empty());
    }
    all
}

/// The currency of a row, in words, where its table has rows of several.
pub fn within(row: Row) -> String {
    let own = row.text("currency");
    match own {
        _ if rows(row.table).all(|other| other.text("currency") == own) => String::new(),
        "" => " without a currency".to_owned(),
        code => format!(" in {code}"),
    }
}

/// Texts of several currencies: the first few, and how many more the table has.
pub fn listed(texts: &[String]) -> String {
    let few = &texts[..texts.len().min(CURRENCIES)];
    match texts.len() - few.len() {
        0 => few.join(", "),
        more => format!("{}, and {more} more in the table", few.join(", ")),
    }
}

/// A word of the data as people write it: `stripe` becomes `Stripe`.
pub fn name(word: &str) -> String {
    match word {
        "paypal" => "PayPal".into(),
        "amex" => "American Express".into(),
        "in_thread" => "In the thread".into(),
        "redirect" => "By redirect".into(),
        "webview" => "In a web view".into(),
        "saved" => "With a saved credential".into(),
        "new" => "With a new one".into(),
        "none" => "Without a network".into(),
        _ => capital(word),
    }
}

/// A text with a capital first letter.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
