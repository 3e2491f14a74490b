//! How `bot-activity` is shown.

use super::View;
use crate::serve::charts::pictures::accounting;

/// The view.
pub const VIEW: View = View {
    metric: "bot-activity",
    picture: accounting::draw,
    whole: true,
};
