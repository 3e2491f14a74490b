//! How `bot-activity` is shown.

use super::row::first;
use super::{PLACE, PLAIN, Place, View};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::accounting;

/// The view.
pub const VIEW: View = View {
    metric: "bot-activity",
    picture: Picture {
        shows_earlier: |request| request.over_time(),
        ..Picture::of(accounting::draw)
    },
    whole: true,
    place: Some(Place {
        title: "Activity",
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

fn sentence(report: &Report, _: Option<&str>) -> String {
    let row = first(report.whole_range());
    format!(
        "{} bots were active: {} for the first time, {} also in the period before, {} after a longer pause. {} that were \
         active in the period before fell silent.",
        row.count("active"),
        row.count("new"),
        row.count("retained"),
        row.count("resurrected"),
        row.count("churned"),
    )
}
