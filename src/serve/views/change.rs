//! How `change` is shown.

use super::row::{Row, first, rows};
use super::{PLACE, PLAIN, Pictured, Place, View};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::change;
use crate::serve::numbers;

/// The view.
pub const VIEW: View = View {
    metric: "change",
    picture: Picture {
        // It is a comparison itself.
        shows_earlier: |_| true,
        ..Picture::of(change::draw)
    },
    place: Some(Place {
        title: "Approval change",
        buckets: |_, _| None,
        pictured: Pictured::Change,
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

/// What the rate was before and after, whether that is a clear change, and how much of it came from the mix of
/// providers.
fn sentence(report: &Report, incomparable: Option<&str>) -> String {
    let table = &report.table;
    let sum = |of: &dyn Fn(Row) -> Option<f64>| rows(table).filter_map(of).reduce(|one, other| one + other);
    let product = |weight, rate| sum(&|row| Some(row.number(weight)? * row.number(rate)?));
    let Some(now) = product("weight", "rate") else {
        return "No attempt to pay was decided in this period.".into();
    };
    let alone = |why: &str| format!("{} of the decided attempts were approved{why}", numbers::percent(now));
    if let Some(why) = incomparable {
        return alone(&format!(". No change is shown: {why}."));
    }
    let parts = sum(&|row| row.number("mix")).zip(sum(&|row| row.number("within")));
    let Some((mix, within)) = parts else {
        return alone("; no earlier period can be compared yet.");
    };
    let before = product("weight_previous", "rate_previous").unwrap_or(0.0);
    let told = numbers::compared(now, before, &[mix, within]);
    let change = clearly(first(table), "whole_", &told.difference).unwrap_or(told.difference);
    let most = rows(table).max_by(|one, two| moved(*one).abs().total_cmp(&moved(*two).abs()));
    format!(
        "{} of the decided attempts were approved, after {} in the period before: {change}. The mix of providers \
         brought {}, the providers themselves {}.{}",
        told.now,
        told.before,
        told.parts[0],
        told.parts[1],
        most.map_or(String::new(), moved_most),
    )
}

/// What a value brought to the change of the rate.
fn moved(row: Row) -> f64 {
    row.number("mix").unwrap_or(0.0) + row.number("within").unwrap_or(0.0)
}

/// The value that moved the rate most, and whether its own rate has clearly changed.
fn moved_most(row: Row) -> String {
    if moved(row) == 0.0 {
        return String::new();
    }
    let told = format!(" {} moved it most: {}", row.name("value"), numbers::points(moved(row)));
    let own = row.number("difference").map(numbers::points);
    match own.and_then(|own| clearly(row, "", &own)) {
        Some(own) => format!("{told}. Its own rate: {own}."),
        None => format!("{told}, by its weight alone."),
    }
}

/// A difference in the words of a row's interval; `None` where nothing was compared.
fn clearly(row: Row, prefix: &str, difference: &str) -> Option<String> {
    let end = |name: &str| row.number(&format!("{prefix}{name}"));
    Some(numbers::clearly(difference, end("ci_low")?, end("ci_high")?))
}
