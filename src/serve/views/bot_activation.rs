//! How `bot-activation` is shown.

use super::row::{Row, rows, sum};
use super::{PLACE, PLAIN, Place, View};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::activation;
use crate::serve::numbers;

/// The view.
pub const VIEW: View = View {
    metric: "bot-activation",
    picture: Picture {
        shows_earlier: |request| request.over_time() && request.group_by.is_empty(),
        ..Picture::of(activation::draw)
    },
    whole: true,
    place: Some(Place {
        title: "Activation",
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

/// Of the bots whose window is over, how many came to be paid. Some buckets have settled before the whole range has.
fn sentence(report: &Report, _: Option<&str>) -> String {
    let settled = rows(&report.table).filter(|row: &Row| row.number("rate").is_some());
    let so_far = |column| sum(rows(&report.table), column);
    let (all, over) = (so_far("registered"), sum(settled.clone(), "registered"));
    if all == 0 {
        return "No bot was registered in this period.".into();
    }
    if over == 0 {
        return format!(
            "{} bots were registered; of none are the 30 days over. So far {} had a conversation and {} a captured payment.",
            numbers::integer(all),
            numbers::integer(so_far("with_conversation")),
            numbers::integer(so_far("with_payment")),
        );
    }
    let share = |column| numbers::percent(sum(settled.clone(), column) as f64 / over as f64);
    let open = match all - over {
        0 => String::new(),
        open => format!(" Of {} more the 30 days are not over yet.", numbers::integer(open)),
    };
    format!(
        "Of {} bots registered, {} had a conversation, {} a checkout and {} a captured payment within 30 days.{open}",
        numbers::integer(over),
        share("with_conversation"),
        share("with_checkout"),
        share("with_payment"),
    )
}
