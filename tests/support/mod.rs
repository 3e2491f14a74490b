//! The harness: the real application, started in this process or as the real program, and words of the domain.

pub mod app;
pub mod client;
pub mod events;
pub mod ledger;
pub mod program;
pub mod rust;

use std::path::{Path, PathBuf};

/// A path in the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A text file of the project.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
