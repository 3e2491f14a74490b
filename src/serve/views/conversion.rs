//! How `conversion` is shown.

use super::row::Row;
use super::{PLACE, PLAIN, Pictured, Place, View, height};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::funnel;
use crate::serve::numbers;

/// The view.
pub const VIEW: View = View {
    metric: "conversion",
    picture: Picture {
        shows_earlier: |request| request.over_time() && request.group_by.is_empty(),
        ..Picture::of(funnel::draw)
    },
    whole: true,
    place: Some(Place {
        title: "Conversion",
        pictured: Pictured::WholeAndTrend,
        rows: |report| (report.begun() == 1).then(|| height(report.table.rows.len(), 84)),
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

fn sentence(report: &Report, _: Option<&str>) -> String {
    let table = report.whole_range();
    let step = |at| Row { table, at };
    let rate = |at| step(at).number("rate").map(numbers::percent);
    let entered = step(0).count("entered");
    let closed = numbers::integer(step(1).int("reached") + step(1).int("dropped"));
    match (rate(1), rate(2), step(0).int("open")) {
        (Some(checkout), Some(paid), 0) => {
            format!("Of {entered} conversations, {checkout} reached a checkout and {paid} paid within 24 hours.")
        }
        (Some(checkout), Some(paid), open) => format!(
            "Of {closed} conversations whose 24 hours are over, {checkout} reached a checkout and {paid} paid. {} more \
             are open.",
            numbers::integer(open)
        ),
        _ if step(0).int("entered") > 0 => {
            format!("{entered} conversations entered; none has had its 24 hours yet.")
        }
        _ => "No conversation began in this period.".into(),
    }
}
