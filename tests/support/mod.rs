//! The harness: the real application, started in this process or as the real program, and words of the domain.

pub mod app;
pub mod bench;
pub mod chance;
pub mod client;
pub mod events;
pub mod facts;
pub mod frames;
pub mod golden;
pub mod ledger;
pub mod markdown;
pub mod program;
pub mod rust;

use std::path::{Path, PathBuf};

/// A path in the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A whole number from the environment, or `default` where none is given.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// A text file of the project.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A fresh folder for a server that all tests share: nothing tears those down, so each run removes what ended
/// runs left behind.
pub fn shared_folder(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in std::fs::read_dir(root).unwrap().flatten() {
        let owner = entry
            .file_name()
            .to_string_lossy()
            .strip_prefix("suite-")
            .map(str::to_owned);
        if owner.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
    root.join(format!("suite-{}", std::process::id())).join(name)
}
