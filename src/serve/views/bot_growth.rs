//! How `bot-growth` is shown.

use super::View;
use crate::serve::charts::pictures::population;

/// The view.
pub const VIEW: View = View {
    metric: "bot-growth",
    picture: population::draw,
    whole: true,
};
