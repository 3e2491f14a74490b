//! How `conversion` is shown.

use super::View;
use crate::serve::charts::pictures::funnel;

/// The view.
pub const VIEW: View = View {
    metric: "conversion",
    picture: funnel::draw,
    whole: true,
};
