//! How `bot-growth` is shown.

use std::cmp::Ordering;

use super::row::first;
use super::{PLACE, PLAIN, Place, View};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::population;
use crate::serve::numbers;

/// The view.
pub const VIEW: View = View {
    metric: "bot-growth",
    picture: Picture {
        // Its axis of time stays in one bucket.
        shows_earlier: |request| request.group_by.is_empty(),
        ..Picture::of(population::draw)
    },
    whole: true,
    place: Some(Place {
        title: "Population",
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

fn sentence(report: &Report, _: Option<&str>) -> String {
    let row = first(report.whole_range());
    let rate = row.number("growth_rate");
    let rate = rate.map_or(String::new(), |rate| format!(" ({})", numbers::signed_percent(rate)));
    let (opening, closing) = (row.count("opening"), row.count("closing"));
    let moved = match row.int("closing").cmp(&row.int("opening")) {
        Ordering::Greater => format!("grew from {opening} to {closing} bots{rate}"),
        Ordering::Less => format!("fell from {opening} to {closing} bots{rate}"),
        Ordering::Equal => format!("stayed at {closing} bots"),
    };
    format!(
        "The population {moved}: {} registered, {} came back, {} retired.",
        row.count("registered"),
        row.count("reinstated"),
        row.count("retired"),
    )
}
