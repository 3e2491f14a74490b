//! How `coverage` is shown.

use super::View;
use crate::serve::charts::pictures::coverage;

/// The view.
pub const VIEW: View = View {
    metric: "coverage",
    picture: coverage::draw,
    whole: true,
};
