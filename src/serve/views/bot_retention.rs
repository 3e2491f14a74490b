//! How `bot-retention` is shown.

use super::View;
use crate::serve::charts::pictures::retention;

/// The view.
pub const VIEW: View = View {
    metric: "bot-retention",
    picture: retention::draw,
    whole: false,
};
