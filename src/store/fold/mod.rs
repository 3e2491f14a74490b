//! The fold: events become facts, and what cannot be folded is set aside.

pub(super) mod aside;
pub(super) mod folding;
pub(super) mod quarantine;
pub(super) mod refolding;
pub(super) mod touching;
mod working;
