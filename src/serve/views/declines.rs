//! How `declines` is shown.

use super::row::{Row, first, rows, sum};
use super::{PLACE, PLAIN, Place, View};
use crate::serve::answer::report::Report;
use crate::serve::charts::Picture;
use crate::serve::charts::pictures::declines;
use crate::serve::numbers;

/// The view.
pub const VIEW: View = View {
    metric: "declines",
    picture: Picture::of(declines::draw),
    whole: true,
    place: Some(Place {
        title: "Declines",
        phone: 520,
        sentence,
        ..PLACE
    }),
    ..PLAIN
};

/// How many attempts failed, how many of them were declined, and the most frequent reason.
fn sentence(report: &Report, _: Option<&str>) -> String {
    let table = report.whole_range();
    if first(table).int("n") == 0 {
        return "No attempt to pay failed in this period.".into();
    }
    let declined = rows(table).filter(|row: &Row| matches!(row.text("failure_kind"), "issuer" | "risk"));
    let others = report.left_out.as_ref().map(|left_out| left_out.label.as_str());
    let single = rows(table).filter(|row: &Row| others != Some(row.text("decline_code")));
    let most = single.max_by_key(|row| (row.int("attempts"), row.text("failure_kind"), row.text("decline_code")));
    let most = most.map_or(String::new(), |row| {
        let code = match row.text("decline_code") {
            "" => "no code".to_owned(),
            code => code.replace('_', " "),
        };
        let share = row.number("share").map_or(numbers::NOTHING.into(), numbers::percent);
        let kind = row.text("failure_kind");
        format!(" The most frequent reason was {code} ({kind}): {share} of them.")
    });
    format!(
        "{} attempts to pay failed, {} of them declined by the issuer or as a risk.{most}",
        first(table).count("n"),
        numbers::integer(sum(declined, "attempts")),
    )
}
