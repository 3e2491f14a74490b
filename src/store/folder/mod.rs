//! The data folder: who may read it, what a start finds in it, and how all of it is checked.

pub mod check;
pub(super) mod files;
pub(super) mod mark;
pub(super) mod startup;
