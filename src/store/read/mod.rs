//! Questions: snapshots of the facts as they are or were, bounded in time, and exports.

pub(super) mod as_of;
pub(super) mod deadline;
mod export;
mod exported;
pub(super) mod readers;
