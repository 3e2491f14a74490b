//! A second way: every metric answered again by Python, from the posted lines and the definitions alone.
//!
//! It shares no code with the program: it reads the lines as they were posted, with the stamps of their receipt,
//! and works out every cell of every answer. Small worlds are compared in every full run, a large one and many by
//! `bash tests/run scale`, or alone:
//!
//! `BOTLEDGER_SCALE=1250000 cargo test --release --test suite second_way -- --ignored --nocapture`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use botledger::generate::{self, Plan, Size};
use botledger::serve::metric_names;
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

use crate::sdks::python;
use crate::support::app::{TestApp, config, instant};
use crate::support::client::Counts;
use crate::support::project;

/// The first moment of both worlds.
const FROM: &str = "2025-01-01T00:00:00Z";

/// A world like a real one with every misbehaviour on the way, of so many lines.
fn generated(seed: u64, lines: u64) -> Vec<String> {
    println!("{lines} generated lines of the seed {seed}");
    let plan = Plan {
        seed,
        bots: (lines / 250).max(80),
        size: Size::Events(lines),
        from: instant(FROM),
        to: instant("2025-04-20T00:00:00Z"),
        late_share: 600,
        out_of_order_share: 600,
        duplicate_share: 300,
        conflict_share: 60,
        test_share: 300,
        unattributed_share: 600,
        ..Plan::default()
    };
    generate::generate(plan).unwrap().collect()
}

/// Events that contradict each other in many ways that the definitions decide.
fn awkward(seed: u64, lines: u64) -> Vec<String> {
    println!("{lines} contradictory lines of the seed {seed}");
    let script = project("tests/python/second_way/awkward.py");
    let output = Command::new(python())
        .arg(script)
        .args([seed.to_string(), lines.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The latest time that these lines state.
fn latest(lines: &[String]) -> Option<DateTime<Utc>> {
    let time = |line: &String| -> Option<DateTime<Utc>> {
        let line: Value = serde_json::from_str(line).unwrap();
        Some(instant(line["time"].as_str()?))
    };
    lines.iter().filter_map(time).max()
}

/// Rates of weekdays, with a currency that has none after January and so cannot be converted later.
fn rates(factor: i64) -> String {
    let mut text = String::from("date,base,quote,rate,source\n");
    let first = NaiveDate::from_ymd_opt(2024, 12, 20).unwrap();
    for (n, day) in first.iter_days().take(160).enumerate() {
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            continue;
        }
        let n = i64::try_from(n).unwrap();
        let mut quote = |base: &str, quote: &str, digits: i64, scale: usize| {
            let digits = format!("{:0>width$}", digits * factor, width = scale + 1);
            let (whole, part) = digits.split_at(digits.len() - scale);
            writeln!(text, "{day},{base},{quote},{whole}.{part},second way").unwrap();
        };
        quote("EUR", "USD", 10_400 + n * 13 % 700, 4);
        quote("EUR", "GBP", 83_100 + n * 29 % 2_100, 5);
        quote("EUR", "JPY", 15_800 + n * 17 % 900, 2);
        if day < first.checked_add_days(Days::new(40)).unwrap() {
            quote("USD", "KWD", 3_070 + n % 11, 4);
        }
    }
    text
}

/// Posts everything, asks everything, writes both down in a folder, and has it worked out again. Gives the number
/// of funnels in which every step was reached.
fn compare(lines: &[String], part: usize) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    // Whoever wants to look into a difference keeps the folder.
    let kept = std::env::var_os("BOTLEDGER_SECOND_WAY_FOLDER");
    let folder = kept.as_ref().map_or(folder.path(), Path::new);
    std::fs::create_dir_all(folder).unwrap();
    let mut settings = config(&folder.join("data"));
    settings.limits.query_seconds = 600;
    settings.memory_mib = 2_048;
    let mut app = TestApp::on(settings);
    let manifest = filled(&app, folder, &lines.chunks(part).collect::<Vec<_>>());
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    app.stop();
    let output = Command::new(python())
        .arg(project("tests/python/second_way"))
        .arg(folder)
        .output()
        .unwrap();
    let (told, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    println!("{told}{complained}");
    assert!(output.status.success(), "{told}{complained}");
    for metric in metric_names() {
        assert!(
            told.lines().any(|line| line.starts_with(&format!("{metric} "))),
            "{metric} is not compared: {told}"
        );
    }
    manifest["walked"].as_u64().unwrap()
}

/// The parts, rates and answers as files, and what they are.
fn filled(app: &TestApp, folder: &Path, parts: &[&[String]]) -> Value {
    let mut clock = instant(FROM);
    let (mut counts, mut told, mut told_rates) = (Counts::default(), Vec::new(), Vec::new());
    let middle = parts.len() / 2;
    let mut mid = clock;
    for (n, lines) in parts.iter().enumerate() {
        // Events are received when the youngest of them has happened.
        clock = (clock + TimeDelta::seconds(1)).max(latest(lines).unwrap_or(clock) + TimeDelta::seconds(1));
        set(app, clock);
        for (at, factor) in [(0, 1), (middle / 2, 2)] {
            if n == at {
                // The second list corrects every rate of the first.
                let csv = rates(factor);
                app.client.post_rates(&csv).expect_status(200);
                told_rates.push(json!({ "received_at": clock.to_rfc3339(), "csv": csv }));
                clock += TimeDelta::seconds(1);
                set(app, clock);
            }
        }
        let text = lines.join("\n") + "\n";
        let sent = app.client.post_events(&text);
        counts.accepted += sent.accepted;
        counts.duplicates += sent.duplicates;
        counts.conflicts += sent.conflicts;
        counts.rejected += sent.rejected;
        let file = format!("part-{n:04}.ndjson");
        std::fs::write(folder.join(&file), text).unwrap();
        told.push(json!({ "file": file, "received_at": clock.to_rfc3339() }));
        if n == middle {
            mid = clock + TimeDelta::microseconds(500_000);
        }
    }
    assert_eq!(counts.rejected, 0);
    let end = clock + TimeDelta::seconds(1);
    let far = end + TimeDelta::days(400);
    set(app, far);
    app.wait_folded();
    let (questions, walked) = asked(app, folder, |moment| match moment {
        "mid" => mid,
        "end" => end,
        _ => far,
    });
    json!({
        "parts": told,
        "rates": told_rates,
        "counts": { "accepted": counts.accepted, "duplicates": counts.duplicates, "conflicts": counts.conflicts },
        "questions": questions,
        "walked": walked,
    })
}

fn set(app: &TestApp, clock: DateTime<Utc>) {
    app.clock.set(&clock.to_rfc3339());
}

/// Every question: metric, moment of knowledge and the rest of the address.
fn questions() -> Vec<[String; 3]> {
    let output = Command::new(python())
        .arg(project("tests/python/second_way"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Every question with the file of its answer, and of how many funnels asked `now` somebody reaches every step.
fn asked(app: &TestApp, folder: &Path, moment: impl Fn(&str) -> DateTime<Utc>) -> (Vec<Value>, usize) {
    let (mut all, mut walked) = (Vec::new(), 0);
    for (n, [metric, as_of, query]) in questions().iter().enumerate() {
        let moment = moment(as_of).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let is_now = as_of == "now";
        let ending = if is_now {
            String::new()
        } else {
            format!("&as_of={moment}")
        };
        let path = format!("/v1/metrics/{metric}?{query}{ending}");
        let reply = app.client.get(&path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        if is_now && metric == "conversion" {
            walked += usize::from(every_step_is_reached(&reply.json()));
        }
        let file = format!("answer-{n:03}.json");
        std::fs::write(folder.join(&file), &reply.body).unwrap();
        all.push(json!({ "path": path, "file": file, "as_of": moment }));
    }
    (all, walked)
}

fn every_step_is_reached(answer: &Value) -> bool {
    let mut reached = BTreeMap::new();
    for row in answer["rows"].as_array().unwrap() {
        *reached.entry(row["step_index"].as_u64()).or_insert(0) += row["reached"].as_u64().unwrap();
    }
    reached.len() > 2 && reached.values().all(|sum| *sum > 0)
}

#[test]
fn every_cell_of_every_metric_is_found_again_from_the_raw_lines() {
    let walked = compare(&generated(21, 20_000), 800);
    assert_eq!(
        walked, 6,
        "a comparison of funnels in which nobody gets far compares little"
    );
}

#[test]
fn every_cell_is_found_again_where_events_contradict_each_other() {
    compare(&awkward(3, 6_000), 150);
}

#[test]
#[ignore = "a comparison at scale: minutes"]
fn every_cell_is_found_again_at_scale() {
    let lines = std::env::var("BOTLEDGER_SCALE").map_or(1_250_000, |text| text.parse().unwrap());
    compare(&generated(21, lines), 8_000);
}

#[test]
#[ignore = "a comparison of many worlds: minutes"]
fn every_cell_is_found_again_in_many_worlds_of_contradictions() {
    for seed in 10..20 {
        compare(&awkward(seed, 4_000), 90);
    }
}

#[test]
#[ignore = "a comparison of many worlds: minutes"]
fn every_cell_is_found_again_in_many_generated_worlds() {
    for seed in [5, 11, 31] {
        compare(&generated(seed, 20_000), 800);
    }
}
