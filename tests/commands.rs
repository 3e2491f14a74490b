//! The commands of the program: import, generate, rebuild, export.

use std::io::Write;
use std::process::Stdio;

use crate::small;
use crate::support::client::{gzip, zstd};
use crate::support::ledger::Ledger;
use crate::support::program::{botledger, run, run_on};

#[test]
fn import_reads_plain_gzip_zstd_and_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let sample: String = small::sample()
        .lines()
        .take(66)
        .map(|line| format!("{line}\n"))
        .collect();
    let bodies = [
        ("plain", sample.clone().into_bytes()),
        ("gz", gzip(sample.as_bytes())),
        ("zst", zstd(sample.as_bytes())),
    ];
    for (name, body) in &bodies {
        let file = folder.path().join(format!("events.{name}"));
        std::fs::write(&file, body).unwrap();
        let data = folder.path().join(name);
        let text = run_on(&data, &["import", file.to_str().unwrap()]);
        assert!(
            text.contains("66 accepted, 0 duplicates, 0 conflicts, 0 rejected"),
            "{text}"
        );
        let ledger = Ledger::open(&data);
        assert_eq!(ledger.number("select count(*) from events"), 66);
        assert_eq!(
            ledger.number("select count(*) from bots"),
            7,
            "import folds what it stored"
        );
    }
    let data = folder.path().join("stdin");
    let mut child = botledger(&["import", "-", "--data-dir", data.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&bodies[2].1).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("66 accepted"));
}

#[test]
fn import_tells_of_every_line_and_its_exit_code_of_refusals() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("events"), folder.path().join("data"));
    let broken = small::sample().replacen("\"50.00\"", "\"50.005\"", 1);
    std::fs::write(&file, format!("{broken}\nnot json\n")).unwrap();
    let output = run(&["--data-dir", data.to_str().unwrap(), "import", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("65 accepted, 2 duplicates, 1 conflicts, 2 rejected"),
        "{text}"
    );
    assert!(
        text.contains("amount_too_many_decimals") && text.contains("malformed"),
        "{text}"
    );
    assert!(text.contains("line 6:") && text.contains("data.amount.value"), "{text}");
    let missing = run(&["--data-dir", data.to_str().unwrap(), "import", "/no/such/file"]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn the_same_seed_gives_the_same_lines_and_another_seed_others() {
    let folder = tempfile::tempdir().unwrap();
    let made = |seed: &str, name: &str| {
        let file = folder.path().join(name);
        let path = file.to_str().unwrap();
        assert!(
            run(&["generate", "--seed", seed, "--events", "3000", "--bots", "20", path])
                .status
                .success()
        );
        std::fs::read(file).unwrap()
    };
    let first = made("7", "a");
    assert_eq!(first.iter().filter(|byte| **byte == b'\n').count(), 3000);
    assert!(first == made("7", "b"));
    assert!(first != made("8", "c"));
    let unpacked = zstd::decode_all(made("7", "d.zst").as_slice()).unwrap();
    assert!(first == unpacked);
}

#[test]
fn export_writes_every_event_by_day() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data, target) = (
        folder.path().join("events"),
        folder.path().join("data"),
        folder.path().join("out"),
    );
    let events: String = small::sample()
        .lines()
        .take(66)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&file, events).unwrap();
    run_on(&data, &["import", file.to_str().unwrap()]);
    let text = run_on(&data, &["export", target.to_str().unwrap()]);
    assert!(text.contains("66 events"), "{text}");
    assert!(target.join("day=2016-09-12").is_dir());
    let ledger = Ledger::open(&data);
    let files = format!(
        "read_parquet('{}/**/*.parquet', hive_partitioning = true)",
        target.display()
    );
    assert_eq!(
        ledger.number(&format!("select count(*) from {files} where time::date = day::date")),
        66
    );
    let left = "select source, id, kind, time, minor, currency, received_at, extra from";
    let differs = format!("select count(*) from ({left} events except {left} {files})");
    assert_eq!(ledger.number(&differs), 0);
}

#[test]
fn a_wrong_setting_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("botledger.toml");
    let said = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let output = run(&["serve", "--config", file.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said("colour = \"red\"").contains("colour"));
    assert!(said("currency = \"QQQ\"").contains("currency"));
    assert!(said("[[sources]]\nprovider = \"stripe\"\nname = \"main\"\nsecrets = []").contains("sources[0].secrets"));
}
