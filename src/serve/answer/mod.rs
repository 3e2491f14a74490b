//! One question, one answer: a query string becomes a [`question`], the store and the metric make it a [`report`], and
//! where it asks for a comparison, [`compare`] sets the earlier range beside it.

pub mod annotations;
pub mod compare;
pub mod definitions;
pub mod maturity;
pub mod moment;
pub mod parameters;
pub mod question;
pub mod refusal;
pub mod report;
pub mod values;
