//! The table behind a chart: every cell for people, and raw for whoever reads by machine.

use maud::{Markup, html};

use super::render::sideways;
use crate::model::{Column, ColumnType, Interval, Table, Value};
use crate::serve::answer::report::Report;
use crate::serve::views::View;
use crate::serve::{dates, numbers};

/// Cells of one table on the page, which keeps the page light; the CSV has all rows.
const CELLS: usize = 1200;
/// Rows of a table however wide it is.
const LEAST_ROWS: usize = 12;

/// Renders the latest rows of a table.
pub fn render(view: &View, report: &Report, caption: &str) -> Markup {
    let (table, range) = (&report.table, &report.question.range);
    let ahead = range.buckets.len().saturating_sub(report.begun());
    let columns = shown(table);
    let most = (CELLS / columns.len().max(1)).max(LEAST_ROWS);
    let skipped = table.rows.len().saturating_sub(most);
    html! {
        @if ahead > 0 { p.note data-not-begun=(ahead) { (not_begun(ahead, range.interval)) } }
        @if let Some(left_out) = &report.left_out {
            p.note data-left-out=(left_out.values) {
                "The largest by name, " (numbers::integer(left_out.values as i64)) " others together in the rows “" (left_out.label) "”; the CSV has each."
            }
        }
        @if skipped > 0 {
            p.note { "The last " (most) " of " (numbers::integer(table.rows.len() as i64)) " rows; the CSV has all of them." }
        }
        (sideways())
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table {
                caption.hidden { (caption) }
                thead {
                    tr {
                        @for &(_, column) in &columns {
                            th scope="col" .text[!numeric(column)] data-column=(column.name) {
                                (if column.name == "bucket_start" { "From".into() } else { heading(&column.name) })
                                @if let Some(unit) = unit(column) { span.unit { " " (unit) } }
                            }
                        }
                    }
                }
                tbody { @for row in skipped..table.rows.len() { (line(view, report, row, &columns)) } }
            }
        }
    }
}

/// What the table leaves out because it lies ahead.
fn not_begun(count: usize, interval: Option<Interval>) -> String {
    match (count, interval) {
        (_, None) => "This period has not begun: there is nothing to show.".to_owned(),
        (1, Some(interval)) => format!(
            "The last {} of the period has not begun and is left out.",
            interval.as_str()
        ),
        (count, Some(interval)) => {
            let name = interval.as_str();
            format!("The last {count} {name}s of the period have not begun and are left out.")
        }
    }
}

/// Columns worth a place: the end of a bucket follows from its start, and completeness is a mark on it.
fn shown(table: &Table) -> Vec<(usize, &Column)> {
    let hidden = ["bucket_end", "complete"];
    table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !hidden.contains(&column.name.as_str()))
        .collect()
}

fn line(view: &View, report: &Report, row: usize, columns: &[(usize, &Column)]) -> Markup {
    let table = &report.table;
    let complete = !matches!(table.cell(row, "complete"), Value::Bool(false));
    html! {
        tr .incomplete[!complete] {
            @for &(at, column) in columns {
                @let value = table.rows[row].get(at).unwrap_or(&Value::Null);
                @if let (Value::Time(start), "bucket_start") = (value, column.name.as_str()) {
                    th scope="row" data-value=(value.to_text()) {
                        (dates::bucket(*start, report.question.range.interval))
                        @if !complete { " " span.mark { "incomplete" } }
                    }
                } @else {
                    td .text[!numeric(column)] data-value=(value.to_text()) {
                        @if let Some(words) = (view.in_words)(table, row, &column.name) { (words) }
                        @else { (numbers::cell(column, value)) }
                    }
                }
            }
        }
    }
}

/// A column's name as a heading: `share_by_count` becomes `Share by count`.
pub fn heading(name: &str) -> String {
    let spaced = match name {
        "hhi" => "HHI".into(),
        "hhi_by_amount" => "HHI by amount".into(),
        "top1" => "Largest".into(),
        _ => name
            .replace('_', " ")
            .replace("p90", "90th percentile")
            .replace("ci low", "95% low")
            .replace("ci high", "95% high"),
    };
    let mut letters = spaced.chars();
    letters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn numeric(column: &Column) -> bool {
    matches!(
        column.kind,
        ColumnType::Integer | ColumnType::Number | ColumnType::Amount
    )
}

/// The unit in the heading, where the cells do not show it themselves.
fn unit(column: &Column) -> Option<&'static str> {
    column
        .unit
        .filter(|unit| !matches!(*unit, "ratio" | "share" | "seconds" | "currency") && !column.name.ends_with(unit))
}
