//! How `path-effect` is shown.

use super::View;
use crate::serve::charts::pictures::path_effect;

/// The view.
pub const VIEW: View = View {
    metric: "path-effect",
    picture: path_effect::draw,
    whole: true,
};
