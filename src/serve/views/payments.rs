//! How `payments` is shown.

use super::View;
use crate::serve::charts::pictures::payments;

/// The view.
pub const VIEW: View = View {
    metric: "payments",
    picture: payments::draw,
    whole: true,
};
