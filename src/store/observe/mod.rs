//! What can be told of a running store: its health, its disk, its jobs, what its sources deliver.

pub(super) mod disk;
pub(super) mod health;
pub(super) mod ignored;
pub(super) mod refusals;
pub(super) mod status;
pub(super) mod tallies;
