//! How `change` is shown.

use super::View;
use crate::serve::charts::pictures::change;

/// The view.
pub const VIEW: View = View {
    metric: "change",
    picture: change::draw,
    whole: false,
};
