//! How `declines` is shown.

use super::View;
use crate::serve::charts::pictures::declines;

/// The view.
pub const VIEW: View = View {
    metric: "declines",
    picture: declines::draw,
    whole: true,
};
