//! How `provider-share` is shown: once by provider, once by network.

use super::row::{Row, by_payments, capital, rows, sum, within};
use super::{PLACE, PLAIN, Place, View};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::share;
use crate::serve::numbers;

/// Who processes the money.
pub const PROVIDERS: View = View {
    metric: "provider-share",
    picture: Picture::of(share::draw),
    whole: true,
    title: Some(|question| capital(&format!("{} share", question.parameter("dimension")))),
    place: Some(Place {
        title: "Providers",
        own: &[("dimension", "provider")],
        sentence: |report, _| shares(report, "processed", "providers"),
        ..PLACE
    }),
    ..PLAIN
};

/// Which card network carries it.
pub const NETWORKS: View = View {
    place: Some(Place {
        title: "Networks",
        own: &[("dimension", "network")],
        sentence: |report, _| shares(report, "carried", "networks"),
        ..PLACE
    }),
    ..PROVIDERS
};

/// The named value with the most payments in the range. Where currencies have rows of their own it is that of one.
pub fn largest(report: &Report) -> Option<Row<'_>> {
    let others = report.left_out.as_ref().map(|left_out| left_out.label.as_str());
    let is_named = |value: &str| !matches!(value, "none" | "unknown") && others != Some(value);
    let has_name = |row: &Row| row.cell("value").as_str().is_some_and(is_named);
    let mut rows = by_payments(report.whole_range()).into_iter();
    rows.find(|row| row.int("payments") > 0 && has_name(row))
}

fn shares(report: &Report, verb: &str, plural: &str) -> String {
    let Some(row) = largest(report) else {
        return match sum(rows(report.whole_range()), "payments") {
            0 => "No payment was captured in this period.".into(),
            _ => format!("No payment names its {}.", report.question.parameter("dimension")),
        };
    };
    let within = within(row);
    let others = match within.is_empty() {
        true => "",
        false => " The table has the other currencies.",
    };
    let like = row.number("effective_number").map_or(String::new(), |like| {
        format!("; as concentrated as {like:.1} equal {plural}")
    });
    format!(
        "{} {verb} {} of the payments{within}{like}.{others}",
        row.name("value"),
        numbers::percent(row.number("share_by_count").unwrap_or(0.0))
    )
}
