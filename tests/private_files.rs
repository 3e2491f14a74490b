//! A data folder and its files are for their owner only, whatever the umask of those who made them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use botledger::app::store_options;
use botledger::store::Store;

use crate::support::app::{PRESENT, TestClock, config};
use crate::support::events::{bot_registered, lines};
use crate::support::program::{Served, botledger_after, run_on};

/// The permissions of a path.
fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Every file and folder in a folder, with its permissions.
fn modes(folder: &Path) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        found.push((path.display().to_string(), mode(&path)));
        if path.is_dir() {
            found.extend(modes(&path));
        }
    }
    found
}

/// Asserts that nobody but the owner may do anything with what is in a folder; gives the number of entries.
fn assert_private(folder: &Path) -> usize {
    let modes = modes(folder);
    let open: Vec<_> = modes.iter().filter(|(_, mode)| mode & 0o077 != 0).collect();
    assert!(open.is_empty(), "{open:?}");
    modes.len()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn what_the_program_makes_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let [data, out, events] = ["a/data", "out", "events"].map(|name| folder.path().join(name));
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data-dir", text(&data)];
    let served = Served::spawn(botledger_after("umask 000", &serve));
    served.client.post_events(&lines(&[bot_registered("b1")]));
    assert_eq!((mode(&data), mode(&folder.path().join("a"))), (0o700, 0o700));
    assert!(data.join("botledger.duckdb.wal").exists(), "the event is in the log");
    // Database, log, key and socket at least.
    assert!(assert_private(&data) >= 4);
    assert!(served.terminate().success());
    assert_private(&data);
    for arguments in [
        &["export", text(&out)][..],
        &["generate", text(&events), "--events", "1"],
    ] {
        let mut command = botledger_after("umask 000", &[arguments, &["--data-dir", text(&data)]].concat());
        assert!(command.status().unwrap().success());
    }
    assert_eq!((mode(&out), mode(&events)), (0o700, 0o600));
    assert!(assert_private(&out) >= 2, "a folder of a day and its file");
}

#[test]
fn a_folder_that_stands_open_is_closed_at_the_start_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let [events, notes] = ["events", "notes.txt"].map(|name| data.join(name));
    std::fs::write(&events, lines(&[bot_registered("b1")])).unwrap();
    std::fs::write(&notes, "mine").unwrap();
    run_on(data, &["import", text(&events)]);
    let ours = ["botledger.duckdb", "pseudonym.key"].map(|name| data.join(name));
    for file in ours.iter().chain([&notes]) {
        set_mode(file, 0o644);
    }
    set_mode(data, 0o755);
    let mut command = botledger_after("umask 022", &["import", text(&events), "--data-dir", text(data)]);
    let output = command.env("BOTLEDGER_LOG", "warn").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("other users could access the data folder") && told.contains("0755"),
        "{told}"
    );
    assert!(
        told.contains("botledger.duckdb") && told.contains("pseudonym.key"),
        "{told}"
    );
    assert_eq!(mode(data), 0o700);
    assert_eq!(ours.map(|file| mode(&file)), [0o600, 0o600]);
    assert_eq!(mode(&notes), 0o644, "what is not of the ledger is left alone");
}

#[test]
fn a_folder_of_everybody_stays_so_and_the_files_in_it_are_closed() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    set_mode(&shared, 0o1777);
    let store = Store::open(&store_options(&config(&shared)), TestClock::at(PRESENT).clock()).unwrap();
    store.close();
    assert_eq!(mode(&shared), 0o1777);
    assert_eq!(mode(&shared.join("botledger.duckdb")), 0o600);
}

#[test]
fn a_folder_of_other_things_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("srv");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("notes.txt"), "mine").unwrap();
    set_mode(&data, 0o755);
    let store = Store::open(&store_options(&config(&data)), TestClock::at(PRESENT).clock()).unwrap();
    store.close();
    assert_eq!(mode(&data), 0o755);
    assert_eq!(mode(&data.join("botledger.duckdb")), 0o600);
}

#[test]
fn a_store_of_another_program_is_private_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("of/another");
    let store = Store::open(&store_options(&config(&data)), TestClock::at(PRESENT).clock()).unwrap();
    assert_eq!(mode(&data), 0o700);
    assert_private(&data);
    store.close();
}
