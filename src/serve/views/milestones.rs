//! How `milestones` is shown.

use super::row::rows;
use super::{PLACE, PLAIN, Place, View};
use crate::model::Value;
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::milestones;
use crate::serve::dates;

/// The view.
pub const VIEW: View = View {
    metric: "milestones",
    picture: Picture {
        own_axis: true,
        ..Picture::of(milestones::draw)
    },
    place: Some(Place {
        title: "Milestones",
        buckets: |_, _| None,
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

/// The largest number that the population reached, and the one before.
fn sentence(report: &Report, _: Option<&str>) -> String {
    let tz = report.question.range.tz;
    let reached = rows(&report.table)
        .rev()
        .filter_map(|row| match row.cell("reached_at") {
            Value::Time(at) => Some(format!(
                "{} on {}",
                row.count("population"),
                dates::instant(at.to_utc(), tz)
            )),
            _ => None,
        });
    match reached.take(2).collect::<Vec<_>>().as_slice() {
        [] => "The population has reached none of these numbers yet.".into(),
        [highest] => format!("The population first reached {highest}."),
        [highest, before, ..] => format!("The population first reached {highest}; {before}."),
    }
}
