//! Commands say where they work, make a ledger only where they are meant to, and tell in sentences why they cannot.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::support::app::TestApp;
use crate::support::events::{bot_registered, lines};
use crate::support::program::{Served, botledger, run, run_on};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs a command on a folder; its exit code and what it says on standard error.
fn said(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = run(&[&["--data-dir", text(data)], arguments].concat());
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_folder_without_a_ledger_is_told_and_none_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let [data, out, rates] = ["data", "out", "rates.csv"].map(|name| folder.path().join(name));
    std::fs::write(&rates, "date,base,quote,rate,source\n2016-09-12,EUR,USD,2,a\n").unwrap();
    for arguments in [
        &["export", text(&out)][..],
        &["rebuild"],
        &["fx", "import", text(&rates)],
    ] {
        let (code, told) = said(&data, arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(
            told.contains("there is no ledger in the folder") && told.contains(text(&data)),
            "{told}"
        );
        assert!(!data.exists() && !out.exists(), "{arguments:?} made a folder");
    }
    // Nor does a file that is not there make one.
    let (code, told) = said(&data, &["import", "/no/such/file"]);
    assert_eq!((code, data.exists()), (Some(2), false), "{told}");
    assert!(told.contains("cannot read /no/such/file"), "{told}");
    // Nor one that is no text.
    std::fs::write(&rates, "PK\u{3}\u{4}").unwrap();
    let (code, told) = said(&data, &["import", text(&rates)]);
    assert_eq!((code, data.exists()), (Some(2), false), "{told}");
    assert!(told.contains("it is a ZIP archive"), "{told}");
}

#[test]
fn what_a_killed_demo_left_is_told() {
    let folder = tempfile::tempdir().unwrap();
    // No process has such a number.
    let left = folder.path().join("botledger-demo-4194305-abc");
    std::fs::create_dir(&left).unwrap();
    let mut command = botledger(&["demo", "--listen", "127.0.0.1:0"]);
    command
        .env("TMPDIR", folder.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null());
    let mut demo = command.spawn().unwrap();
    let mut lines = BufReader::new(demo.stderr.take().unwrap()).lines();
    let (told, worked_on) = (lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap());
    demo.kill().unwrap();
    demo.wait().unwrap();
    assert!(told.contains("a demo that was killed has left its folder"), "{told}");
    assert!(told.contains(text(&left)), "{told}");
    assert!(
        worked_on.contains("botledger-demo-") && worked_on.ends_with("(new)"),
        "{worked_on}"
    );
}

#[test]
fn every_command_says_which_folder_it_works_on() {
    let folder = tempfile::tempdir().unwrap();
    let [data, out, events] = ["data", "out", "events"].map(|name| folder.path().join(name));
    std::fs::write(&events, lines(&[bot_registered("b1")])).unwrap();
    let line = format!("data folder: {}", text(&data));
    let import = ["import", text(&events)];
    let (_, told) = said(&data, &import);
    assert!(told.lines().any(|told| told == format!("{line} (new)")), "{told}");
    for arguments in [&import[..], &["rebuild"], &["export", text(&out)]] {
        let (code, told) = said(&data, arguments);
        assert_eq!(code, Some(0), "{told}");
        assert!(told.lines().any(|told| told == line), "{arguments:?}: {told}");
    }
}

#[test]
fn a_held_folder_is_told_with_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path());
    let out = folder.path().join("out");
    let told = format!("the process {} is using it", served.process());
    for arguments in [
        &["rebuild"][..],
        &["export", text(&out)],
        &["import", "-"],
        &["serve", "--listen", "127.0.0.1:0"],
    ] {
        let (code, said) = said(folder.path(), arguments);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(&told) && said.contains(text(folder.path())), "{said}");
        assert!(!said.contains("IO Error"), "{said}");
    }
}

#[test]
fn an_export_goes_into_an_empty_folder_only() {
    let folder = tempfile::tempdir().unwrap();
    let [data, events, out] = ["data", "events", "some/where/out"].map(|name| folder.path().join(name));
    std::fs::write(&events, lines(&[bot_registered("b1")])).unwrap();
    run_on(&data, &["import", text(&events)]);
    run_on(&data, &["export", text(&out)]);
    for target in [&out, &folder.path().to_owned()] {
        let (code, said) = said(&data, &["export", text(target)]);
        assert_eq!(code, Some(2));
        assert!(said.contains("the folder is not empty"), "{said}");
    }
    let (code, said) = said(&data, &["export", text(&events)]);
    assert!(code == Some(2) && said.contains("cannot export into"), "{said}");
}

#[test]
fn a_taken_address_is_told() {
    let app = TestApp::start();
    let folder = tempfile::tempdir().unwrap();
    let address = app.client.url("").trim_start_matches("http://").to_owned();
    let (code, said) = said(folder.path(), &["serve", "--listen", &address]);
    assert_eq!(code, Some(2));
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}

#[test]
fn what_goes_into_a_file_has_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    let [data, events, log] = ["data", "events", "log"].map(|name| folder.path().join(name));
    std::fs::write(&events, lines(&[bot_registered("b1")])).unwrap();
    let mut command = botledger(&["import", text(&events), "--data-dir", text(&data)]);
    let output = command.env("BOTLEDGER_LOG", "debug").output().unwrap();
    assert!(output.status.success());
    let mut command = botledger(&["serve", "--listen", "127.0.0.1:0", "--data-dir", text(&data)]);
    command.env("BOTLEDGER_LOG", "info").stderr(File::create(&log).unwrap());
    let served = Served::spawn(command);
    served.client.get("/nowhere").problem(404, "not_found");
    assert!(served.terminate().success());
    let logged = std::fs::read(&log).unwrap();
    assert!(String::from_utf8_lossy(&logged).contains("answered"));
    for text in [output.stdout, output.stderr, logged] {
        assert!(!text.contains(&0x1b), "{}", String::from_utf8_lossy(&text));
    }
}
