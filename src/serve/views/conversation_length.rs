//! How `conversation-length` is shown.

use super::row::first;
use super::{PLACE, PLAIN, Place, View};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::lines;
use crate::serve::numbers::number;

/// The view.
pub const VIEW: View = View {
    metric: "conversation-length",
    picture: Picture::of(|canvas, request| {
        lines::draw_columns(canvas, request, &["median", "p90", "mean"], Some("conversations"))
    }),
    whole: true,
    place: Some(Place {
        title: "Conversation length",
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

fn sentence(report: &Report, _: Option<&str>) -> String {
    let row = first(report.whole_range());
    let (conversations, messages) = (row.count("conversations"), row.count("messages"));
    match (row.int("conversations"), row.number("median"), row.number("p90")) {
        (0, ..) => "No conversation began in this period.".into(),
        (_, Some(median), Some(p90)) => format!(
            "{conversations} conversations had {messages} messages within 24 hours: half of the conversations had at \
             most {}, nine in ten at most {}.",
            number(median),
            number(p90)
        ),
        _ => format!(
            "{conversations} conversations have had {messages} messages so far; the last 24 hours of the period are not \
             over yet."
        ),
    }
}
