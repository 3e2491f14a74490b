//! The way in: one thread that judges, stamps and commits, and what it needs for that.

pub(super) mod annotations;
pub(super) mod append;
mod checkpoints;
mod filter;
mod identity;
pub(super) mod moments;
mod pace;
pub(super) mod prepared;
mod pseudonym_key;
pub(super) mod queue;
pub(super) mod rates;
pub(super) mod writer;
