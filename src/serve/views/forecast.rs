//! How `forecast` is shown.

use super::View;
use crate::serve::charts::pictures::forecast;

/// The view.
pub const VIEW: View = View {
    metric: "forecast",
    picture: forecast::draw,
    whole: false,
};
