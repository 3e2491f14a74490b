//! One picture for each metric.

mod accounting;
mod activation;
mod change;
mod compare;
mod comparisons;
mod coverage;
mod declines;
mod forecast;
mod funnel;
mod lines;
mod milestones;
mod path_effect;
mod path_effect_time;
mod payments;
mod population;
mod rates;
mod retention;
mod share;
mod share_bars;

use super::kit::canvas::Canvas;
use super::kit::document::Notes;
use super::{ChartError, ChartRequest};

/// Draws the picture of a metric; one without a picture of its own is drawn as lines.
pub(super) fn draw(canvas: &Canvas, request: &ChartRequest) -> Result<Notes, ChartError> {
    let draw = match request.metric {
        "bot-growth" => population::draw,
        "milestones" => milestones::draw,
        "bot-activity" => accounting::draw,
        "bot-activation" => activation::draw,
        "bot-retention" => retention::draw,
        "conversion" if request.range.buckets.len() > 1 => rates::draw,
        "conversion" => funnel::draw,
        "path-effect" if request.range.buckets.len() > 1 => path_effect_time::draw,
        "path-effect" => path_effect::draw,
        "provider-share" => share::draw,
        "declines" => declines::draw,
        "change" => change::draw,
        "payments" => payments::draw,
        "coverage" => coverage::draw,
        "forecast" => forecast::draw,
        _ => lines::draw,
    };
    draw(canvas, request)
}
