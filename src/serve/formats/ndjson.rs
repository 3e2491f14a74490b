//! Answers as newline-delimited JSON: each row is an object on a line of its own, as in the rows of the JSON answer.

use super::Format;
use super::json::Row;
use crate::serve::answer::report::{AnswerError, Report};

/// The format.
pub const FORMAT: Format = Format {
    name: "ndjson",
    media_type: ("application", "x-ndjson"),
    content_type: "application/x-ndjson",
    is_saved: true,
    takes_mark: false,
    write: |report, _| render(report).map_err(|error| AnswerError::Render(error.to_string())),
};

fn render(report: &Report) -> serde_json::Result<Vec<u8>> {
    let columns = &report.table.columns;
    let mut lines = Vec::new();
    for cells in &report.table.rows {
        serde_json::to_writer(&mut lines, &Row { columns, cells })?;
        lines.push(b'\n');
    }
    Ok(lines)
}
