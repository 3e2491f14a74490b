//! Answers as CSV: the columns of the JSON answer under the same names, one header line.
//!
//! UTF-8, with a byte order mark only on demand: spreadsheets tell the encoding by it, and other programs take it
//! for a part of the first column's name. Null is an empty cell. A text that a spreadsheet would run as a formula gets an apostrophe in
//! front; numbers and amounts are never touched.

use super::Format;
use crate::model::{Table, Value};
use crate::serve::answer::report::{AnswerError, Report};

/// The format.
pub const FORMAT: Format = Format {
    name: "csv",
    media_type: ("text", "csv"),
    content_type: "text/csv; charset=utf-8",
    is_saved: true,
    takes_mark: true,
    write: |report, marked| render(report, marked).map_err(|error| AnswerError::Render(error.to_string())),
};

/// Characters that begin a formula in a spreadsheet; a tab or a carriage return may stand before one.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// What a spreadsheet tells UTF-8 by.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The rows of an answer, behind a byte order mark where that is wanted.
///
/// # Errors
/// None that a table can cause; writing to memory does not fail.
pub fn render(report: &Report, marked: bool) -> Result<Vec<u8>, csv::Error> {
    let rows = table(&report.table)?;
    Ok(if marked { [MARK, &rows].concat() } else { rows })
}

/// A table as CSV.
///
/// # Errors
/// As [`render`].
pub fn table(table: &Table) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|column| &column.name))?;
    for row in &table.rows {
        writer.write_record(row.iter().map(cell))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Number(x) if !x.is_finite() => String::new(),
        Value::Text(text) if text.starts_with(FORMULA) => format!("'{text}"),
        _ => value.to_text(),
    }
}
