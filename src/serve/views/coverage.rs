//! How `coverage` is shown.

use std::cmp::Reverse;

use super::row::{Row, rows, sum};
use super::{PLACE, PLAIN, Pictured, Place, View, height};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::coverage;
use crate::serve::numbers;

/// Providers that the sentence names.
const NAMED: usize = 3;

/// The view.
pub const VIEW: View = View {
    metric: "coverage",
    picture: Picture::of(coverage::draw),
    whole: true,
    place: Some(Place {
        title: "Attribution",
        pictured: Pictured::Whole,
        rows: |report| (report.begun() == 1).then(|| height(report.table.rows.len(), 56)),
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

fn sentence(report: &Report, _: Option<&str>) -> String {
    let table = report.whole_range();
    let payments = sum(rows(table), "payments");
    if payments == 0 {
        return "No payment was captured in this period.".into();
    }
    let without = |row: &Row| row.int("unattributed");
    let mut missing: Vec<Row> = rows(table).filter(|row| without(row) > 0).collect();
    missing.sort_by_key(|row| Reverse(without(row)));
    let told = |row: &Row| format!("{} {}", row.name("provider"), row.count("unattributed"));
    let named: Vec<String> = missing.iter().take(NAMED).map(told).collect();
    let missing = match missing.len() {
        0 => String::new(),
        1..=NAMED => format!(" Without a bot: {}.", named.join(", ")),
        _ => format!(" Without a bot: {} and others.", named.join(", ")),
    };
    format!(
        "{} of {} payments belong to a bot.{missing}",
        numbers::percent(sum(rows(table), "attributed") as f64 / payments as f64),
        numbers::integer(payments)
    )
}
