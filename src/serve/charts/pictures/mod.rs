//! The pictures: each draws the rows of one metric, or of any.

pub(in crate::serve) mod accounting;
pub(in crate::serve) mod activation;
pub(in crate::serve) mod change;
mod compare;
mod comparisons;
pub(in crate::serve) mod coverage;
pub(in crate::serve) mod declines;
pub(in crate::serve) mod forecast;
pub(in crate::serve) mod funnel;
pub(in crate::serve) mod lines;
pub(in crate::serve) mod milestones;
pub(in crate::serve) mod path_effect;
mod path_effect_time;
pub(in crate::serve) mod payments;
pub(in crate::serve) mod population;
mod rates;
pub(in crate::serve) mod retention;
pub(in crate::serve) mod share;
mod share_bars;
