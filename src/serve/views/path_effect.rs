//! How `path-effect` is shown: paying in the thread beside paying elsewhere.

use super::row::{Row, rows};
use super::{PLACE, PLAIN, Place, View};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::path_effect;
use crate::serve::numbers;

/// The view.
pub const VIEW: View = View {
    metric: "path-effect",
    picture: Picture::of(path_effect::draw),
    whole: true,
    place: Some(Place {
        title: "Payment paths",
        buckets: |_, _| None,
        phone: 400,
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

/// The first comparison in full, the others in short: both rates, what lies between them and how sure that is.
fn sentence(report: &Report, _: Option<&str>) -> String {
    let mut known = rows(&report.table).filter(|row: &Row| row.number("difference").is_some());
    let Some(first) = known.next() else {
        return "No two ways to pay can be compared: in this period one of them has no checkout whose time is over."
            .into();
    };
    let others: String = known.map(in_short).collect();
    let first = in_full(first);
    format!("{first}{others} An association, not a cause: who pays one way may differ in more than the way.")
}

fn points(row: Row, column: &str) -> String {
    row.number(column).map_or(numbers::NOTHING.into(), numbers::points)
}

/// A difference that is known has an interval, and both rates.
fn known(row: Row, column: &str) -> f64 {
    row.number(column).unwrap_or(0.0)
}

fn between(row: Row, low: &str, high: &str) -> String {
    numbers::interval(known(row, low), known(row, high))
}

fn in_full(row: Row) -> String {
    let told = numbers::compared(known(row, "rate"), known(row, "baseline_rate"), &[]);
    let crude = format!(
        "{}, {} of {} checkouts were paid; {}, {} of {} checkouts: {} ({}).",
        row.name("level"),
        told.now,
        row.count("n"),
        row.name("baseline").to_lowercase(),
        told.before,
        row.count("baseline_n"),
        told.difference,
        between(row, "ci_low", "ci_high"),
    );
    if row.number("adjusted_difference").is_none() {
        return crude;
    }
    let coverage = row.number("adjusted_coverage");
    format!(
        "{crude} Within the same platform, country and month: {} ({}), over {} of the checkouts.",
        points(row, "adjusted_difference"),
        between(row, "adjusted_ci_low", "adjusted_ci_high"),
        coverage.map_or(numbers::NOTHING.into(), numbers::percent),
    )
}

fn in_short(row: Row) -> String {
    let baseline = match row.text("baseline") {
        "redirect" => "a redirect".to_owned(),
        "webview" => "a web view".to_owned(),
        "new" => "a new one".to_owned(),
        _ => row.name("baseline").to_lowercase(),
    };
    format!(
        " {} instead of {baseline}: {} ({}).",
        row.name("level"),
        points(row, "difference"),
        between(row, "ci_low", "ci_high"),
    )
}
