//! How `bot-activation` is shown.

use super::View;
use crate::serve::charts::pictures::activation;

/// The view.
pub const VIEW: View = View {
    metric: "bot-activation",
    picture: activation::draw,
    whole: true,
};
