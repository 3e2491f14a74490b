//! How each metric is shown: its picture, its sentence and its place on the page. A view reads a report and computes
//! nothing.

mod bot_activation;
mod bot_activity;
mod bot_growth;
mod bot_retention;
mod change;
mod conversion;
mod coverage;
mod declines;
mod forecast;
mod milestones;
mod path_effect;
mod payments;
mod provider_share;

use super::charts::Picture;
use super::charts::pictures::lines;

/// How one metric is shown.
#[derive(Debug)]
pub struct View {
    /// The metric's name.
    pub metric: &'static str,
    /// Its picture.
    pub(crate) picture: Picture,
    /// Whether it tells of the whole range beside its buckets.
    pub whole: bool,
}

/// How a metric is shown that has no view of its own.
const PLAIN: View = View {
    metric: "",
    picture: lines::draw,
    whole: false,
};

/// Every view.
const ALL: &[View] = &[
    bot_growth::VIEW,
    milestones::VIEW,
    bot_activity::VIEW,
    bot_activation::VIEW,
    bot_retention::VIEW,
    conversion::VIEW,
    path_effect::VIEW,
    provider_share::VIEW,
    payments::VIEW,
    declines::VIEW,
    change::VIEW,
    coverage::VIEW,
    forecast::VIEW,
];

/// The view of a metric.
pub fn find(metric: &str) -> &'static View {
    ALL.iter().find(|view| view.metric == metric).unwrap_or(&PLAIN)
}
