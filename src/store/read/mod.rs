//! Questions: snapshots of the facts as they are or were, bounded in time, and exports.

mod as_of;
pub(super) mod deadline;
mod export;
mod exported;
pub(super) mod readers;
