//! How `payments` is shown.

use super::row::{Row, first, listed, with_money};
use super::{PLACE, PLAIN, Place, View};
use crate::model::Value;
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::payments;
use crate::serve::numbers;

/// The view.
pub const VIEW: View = View {
    metric: "payments",
    picture: Picture {
        shows_earlier: |request| request.over_time(),
        ..Picture::of(payments::draw)
    },
    whole: true,
    place: Some(Place {
        title: "Payments",
        phone: 560,
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

fn sentence(report: &Report, _: Option<&str>) -> String {
    let row = first(report.whole_range());
    let rows = with_money(report.whole_range());
    let sums: Vec<String> = rows.iter().copied().filter_map(gross).collect();
    if rows.len() > 1 {
        // With one row per currency the first row's counts are not those of all payments.
        return format!("Captured, each currency for itself: {}.", listed(&sums));
    }
    let success = row.number("payment_success").map_or(String::new(), |rate| {
        format!(" {} of attempted payments were captured.", numbers::percent(rate))
    });
    match (row.int("payments"), sums.first()) {
        (1.., Some(sum)) => format!("{} payments brought {sum} gross.{success}", row.count("payments")),
        (1.., None) => format!("{} payments were captured.{success}", row.count("payments")),
        _ => format!("No payment was captured in this period.{success}"),
    }
}

fn gross(row: Row) -> Option<String> {
    let gross = row.cell("gross");
    let is_known = matches!(gross, Value::Amount { .. });
    let sum = || format!("{} {}", numbers::decimal(&gross.to_text()), row.text("currency"));
    is_known.then(|| sum().trim_end().to_owned())
}
