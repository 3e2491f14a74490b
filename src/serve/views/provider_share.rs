//! How `provider-share` is shown.

use super::View;
use crate::serve::charts::pictures::share;

/// The view.
pub const VIEW: View = View {
    metric: "provider-share",
    picture: share::draw,
    whole: true,
};
