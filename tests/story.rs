//! The story of 2016, imported by the program and told again by the server.

use std::path::PathBuf;
use std::sync::OnceLock;

use botledger::generate;
use sha2::{Digest, Sha256};

use crate::support::app::{TestApp, config};
use crate::support::{program, project, read, shared_folder};

const FILE: &str = "sample-data/story-2016.ndjson.zst";

/// The story's folder as the program's import left it, and what the import said.
fn imported() -> (PathBuf, String) {
    let data_dir = shared_folder("story");
    let said = program::run_on(&data_dir, &["import", project(FILE).to_str().unwrap()]);
    (data_dir, said)
}

struct Story {
    app: TestApp,
    said: String,
}

fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| {
        let (data_dir, said) = imported();
        // The program stamps with the real clock, so the present of this server is the real one.
        let app = TestApp::at(config(&data_dir), &chrono::Utc::now().to_rfc3339());
        app.wait_folded();
        Story { app, said }
    })
}

/// A server with the whole story; one for all tests.
pub fn loaded() -> &'static TestApp {
    &story().app
}

#[test]
fn the_import_says_what_the_generator_promised() {
    let mut lines = generate::story();
    for _ in lines.by_ref() {}
    let promised = lines.summary();
    let said = &story().said;
    let counts = format!(
        "{} accepted, {} duplicates, {} conflicts, {} rejected",
        promised.accepted, promised.duplicates, promised.conflicts, promised.rejected
    );
    assert!(said.contains(&counts), "{said} instead of {counts}");
}

#[test]
fn the_population_is_exactly_11000_and_30000() {
    let answer = loaded()
        .client
        .get_json("/v1/metrics/bot-growth?from=2016-04-01&to=2016-09-12");
    assert_eq!(
        (&answer["rows"][0]["opening"], &answer["rows"][0]["closing"]),
        (&0.into(), &30_000.into())
    );
    let answer = loaded()
        .client
        .get_json("/v1/metrics/bot-growth?from=2016-07-01&to=2016-10-01&interval=month");
    assert_eq!(answer["rows"][0]["closing"], 11_000);
    assert_eq!(answer["rows"][1]["opening"], 11_000);
    let days = loaded()
        .client
        .get_json("/v1/metrics/bot-growth?from=2016-04-01&to=2016-11-01&interval=day");
    for row in days["rows"].as_array().unwrap() {
        assert_eq!(row["residual"], 0, "{row}");
        if row["bucket_end"].as_str() <= Some("2016-04-12T00:00:00+00:00") {
            assert_eq!(row["closing"], 0, "no bot before 12 April: {row}");
        }
        if row["bucket_start"] == "2016-09-12T00:00:00+00:00" {
            assert_eq!(row["opening"], 30_000);
        }
    }
}

#[test]
fn activity_adds_up_from_day_to_day() {
    let answer = loaded()
        .client
        .get_json("/v1/metrics/bot-activity?from=2016-04-01&to=2016-11-01&interval=day");
    let rows = answer["rows"].as_array().unwrap();
    let int = |row: &serde_json::Value, column: &str| row[column].as_i64().unwrap();
    assert!(int(&rows[rows.len() / 2], "active") > 0);
    for pair in rows.windows(2) {
        let (before, row) = (&pair[0], &pair[1]);
        let grown = int(before, "active") + int(row, "new") + int(row, "resurrected") - int(row, "churned");
        assert_eq!(int(row, "active"), grown, "{row}");
        let parts = int(row, "new") + int(row, "retained") + int(row, "resurrected");
        assert_eq!((int(row, "active"), int(row, "residual")), (parts, 0), "{row}");
    }
}

#[test]
fn shares_within_a_dimension_sum_to_one() {
    for dimension in ["provider", "network", "method", "wallet"] {
        let path =
            format!("/v1/metrics/provider-share?from=2016-09-12&to=2016-11-01&interval=week&dimension={dimension}");
        let answer = loaded().client.get_json(&path);
        let mut sums = std::collections::BTreeMap::<String, (f64, i64)>::new();
        for row in answer["rows"].as_array().unwrap() {
            let sum = sums.entry(row["bucket_start"].to_string()).or_default();
            sum.0 += row["share_by_count"].as_f64().unwrap_or(0.0);
            sum.1 += row["payments"].as_i64().unwrap();
        }
        assert!(sums.values().any(|(_, payments)| *payments > 100), "{dimension}");
        for (bucket, (sum, payments)) in sums {
            assert!(
                payments == 0 || (sum - 1.0).abs() < 1e-12,
                "{dimension} {bucket}: {sum}"
            );
        }
    }
}

#[test]
fn the_funnel_accounts_for_every_conversation() {
    let answer = loaded()
        .client
        .get_json("/v1/metrics/conversion?from=2016-04-01&to=2016-11-01&interval=week&group_by=platform");
    for row in answer["rows"].as_array().unwrap() {
        let int = |column: &str| row[column].as_i64().unwrap();
        assert_eq!(int("entered"), int("reached") + int("dropped") + int("open"), "{row}");
        assert_eq!(int("open"), 0);
    }
}

#[test]
fn the_file_is_what_the_generator_tells_and_the_readme_states() {
    let inflated = zstd::Decoder::new(std::fs::File::open(project(FILE)).unwrap()).unwrap();
    let (mut inflated, mut digest) = (inflated, Sha256::new());
    std::io::copy(&mut inflated, &mut HashWriter(&mut digest)).unwrap();
    let kept = hex::encode(digest.finalize());
    let told = generate::write_lines(generate::story(), std::io::sink()).unwrap();
    assert_eq!(kept, told.sha256);
    let readme = read("sample-data/README.md");
    assert!(
        readme.contains(&kept),
        "sample-data/README.md states another digest than {kept}"
    );
}

struct HashWriter<'a>(&'a mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
