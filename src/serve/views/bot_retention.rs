//! How `bot-retention` is shown.

use super::row::{Row, rows, sum};
use super::{PLACE, PLAIN, Place, View, height};
use crate::model::{Interval, TimeRange};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::retention;
use crate::serve::numbers;

/// Cohorts that stay readable on a page.
const COHORTS: i64 = 16;

/// The view.
pub const VIEW: View = View {
    metric: "bot-retention",
    picture: Picture::of(retention::draw),
    place: Some(Place {
        title: "Retention",
        buckets: |range, _| Some(cohorts(range)),
        // One more for the names of the periods.
        rows: |report| Some(height(report.begun().saturating_add(1), 35)),
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

/// The interval of the cohorts: the shortest that makes few of them.
fn cohorts(range: &TimeRange) -> Interval {
    let days = (range.to - range.from).num_days();
    let length = |interval| match interval {
        Interval::Hour | Interval::Day => 1,
        Interval::Week => 7,
        Interval::Month => 30,
        Interval::Quarter => 91,
        Interval::Year => 365,
    };
    let few = |interval: &Interval| days <= COHORTS * length(*interval);
    let mut intervals = Interval::ALL.into_iter().skip(1);
    intervals.find(few).unwrap_or(Interval::Year)
}

/// Of all bots that could be active one interval after their first, how many were.
fn sentence(report: &Report, _: Option<&str>) -> String {
    let interval = report.question.range.interval.map_or("period", Interval::as_str);
    let is_known = |row: &Row| row.cell("period").as_i64() == Some(1) && row.cell("active").as_i64().is_some();
    let known = rows(&report.table).filter(is_known);
    let (active, all) = (sum(known.clone(), "active"), sum(known, "cohort_size"));
    if all == 0 {
        return format!("No bot that was active for the first time has had a complete {interval} since.");
    }
    format!(
        "Of {} bots active for the first time, {} were active in the {interval} after.",
        numbers::integer(all),
        numbers::percent(active as f64 / all as f64),
    )
}
