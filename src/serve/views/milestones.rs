//! How `milestones` is shown.

use super::View;
use crate::serve::charts::pictures::milestones;

/// The view.
pub const VIEW: View = View {
    metric: "milestones",
    picture: milestones::draw,
    whole: false,
};
