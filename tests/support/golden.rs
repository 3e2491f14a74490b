//! Golden files: whole bodies, kept under `tests/golden` and compared byte by byte.
//!
//! After a change that is meant, write them anew and read their difference in git:
//!
//! `BOTLEDGER_GOLDEN=write cargo test --release --test suite golden`

use std::collections::BTreeMap;
use std::path::Path;

use super::project;

/// Compares every body with its file in a folder of `tests/golden`, which holds no others, or writes the files.
pub fn assert_golden(folder: &str, bodies: &BTreeMap<String, String>) {
    let root = project("tests/golden").join(folder);
    let writes = std::env::var("BOTLEDGER_GOLDEN").is_ok_and(|word| word == "write");
    if writes {
        write(&root, bodies);
    }
    let kept = read(&root);
    let names: Vec<&String> = kept.keys().chain(bodies.keys()).collect();
    let differences: Vec<String> = names
        .into_iter()
        .filter(|name| kept.get(*name) != bodies.get(*name))
        .map(|name| format!("{name}\n  kept: {:?}\n  told: {:?}", kept.get(name), bodies.get(name)))
        .collect();
    assert!(
        differences.is_empty(),
        "{} differ; BOTLEDGER_GOLDEN=write writes them anew:\n{}",
        root.display(),
        differences.join("\n")
    );
}

fn write(root: &Path, bodies: &BTreeMap<String, String>) {
    drop(std::fs::remove_dir_all(root));
    std::fs::create_dir_all(root).unwrap();
    for (name, body) in bodies {
        std::fs::write(root.join(name), body).unwrap();
    }
}

fn read(root: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), read(&entry.path())))
        .collect()
}
