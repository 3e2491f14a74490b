//! Measurements at scale. They take minutes and a quiet machine, so they run only when asked for:
//!
//! `cargo test --release --test suite scale -- --ignored --nocapture --test-threads 1`
//!
//! `BOTLEDGER_SCALE` sets the number of events of the floor (default 1,000,000).

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use botledger::generate::{self, Plan, Size};
use chrono::{DateTime, Utc};
use duckdb::types::Value;

use super::support::number;
use super::support::program::{Served, run_on};

/// The period of the generated events.
const FROM: &str = "2025-01-01T00:00:00Z";
const TO: &str = "2025-07-01T00:00:00Z";

/// Questions of the page, over the last 30 days of the period.
const QUESTIONS: [&str; 9] = [
    "bot-growth?interval=day",
    "bot-activity?interval=day",
    "conversion?interval=day",
    "conversion?group_by=path",
    "conversion?",
    "provider-share?interval=day",
    "provider-share?interval=day&dimension=network",
    "payments?interval=day",
    "payments?",
];

/// Further questions, and the page itself: measured, and held to no bound.
const MORE: [&str; 13] = [
    "/v1/metrics/milestones?",
    "/v1/metrics/bot-activation?interval=week",
    "/v1/metrics/bot-retention?interval=week",
    "/v1/metrics/bot-retention?interval=week&unit=user",
    "/v1/metrics/conversion?unit=user",
    "/v1/metrics/conversion?steps=started,product.viewed,cart.updated,checkout,paid",
    "/v1/metrics/path-effect?",
    "/v1/metrics/declines?",
    "/v1/metrics/change?",
    "/v1/metrics/coverage?",
    "/v1/metrics/forecast?interval=day",
    "/v1/metrics/payments?interval=day&compare=previous_period",
    "/?interval=day",
];

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn generated(folder: &Path, events: u64) -> PathBuf {
    let path = folder.join("events.ndjson");
    let plan = Plan {
        seed: 8,
        bots: (events / 250).max(100),
        size: Size::Events(events),
        from: instant(FROM),
        to: instant(TO),
        ..Plan::default()
    };
    let lines = generate::generate(plan).unwrap();
    generate::write_lines(lines, BufWriter::new(File::create(&path).unwrap())).unwrap();
    path
}

/// Seconds that `import` reports for storing a file, without folding.
fn imported_in(data_dir: &Path, file: &Path) -> f64 {
    let printed = run_on_tolerating_conflicts(data_dir, file);
    let seconds = printed.split(" in ").nth(1).unwrap().split(' ').next().unwrap();
    seconds.parse().unwrap()
}

fn run_on_tolerating_conflicts(data_dir: &Path, file: &Path) -> String {
    let output = super::support::program::botledger(&["--data-dir", data_dir.to_str().unwrap(), "import"])
        .arg(file)
        .output()
        .unwrap();
    // 1: some lines were in conflict, as generated.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Rows of `events`, appended one by one by a bare loop that commits every 10,000.
fn bare_appender_seconds(data_dir: &Path, folder: &Path) -> (u64, f64) {
    let source = duckdb::Connection::open(data_dir.join("botledger.duckdb")).unwrap();
    let target = duckdb::Connection::open(folder.join("bare.duckdb")).unwrap();
    target.execute_batch("set checkpoint_threshold = '1TB'").unwrap();
    target
        .execute_batch(&super::support::read("queries/schema/001_ledger.sql"))
        .unwrap();
    // A bare loop has no use for the columns that generated events leave empty.
    let mut statement = source
        .prepare("select * exclude (aliases, alias_keys, pending, released, notice, reason) from events order by received_at")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let (mut batch, mut count, mut time) = (Vec::new(), 0, Duration::ZERO);
    let mut append = |batch: &mut Vec<Vec<Value>>| {
        let started = Instant::now();
        target.execute_batch("begin").unwrap();
        let mut appender = target.appender("events").unwrap();
        for row in batch.iter() {
            appender.append_row(duckdb::appender_params_from_iter(row)).unwrap();
        }
        appender.flush().unwrap();
        drop(appender);
        target.execute_batch("commit").unwrap();
        time += started.elapsed();
        batch.clear();
    };
    while let Some(row) = rows.next().unwrap() {
        let width = row.as_ref().column_count();
        batch.push((0..width).map(|column| row.get::<_, Value>(column).unwrap()).collect());
        count += 1;
        if batch.len() == 10_000 {
            append(&mut batch);
        }
    }
    append(&mut batch);
    (count, time.as_secs_f64())
}

#[test]
#[ignore = "a measurement: minutes, and a quiet machine"]
fn import_runs_at_no_less_than_half_the_speed_of_a_bare_appender() {
    let folder = tempfile::tempdir().unwrap();
    let file = generated(folder.path(), 1_000_000);
    let data_dir = folder.path().join("data");
    let import = imported_in(&data_dir, &file);
    let (rows, bare) = bare_appender_seconds(&data_dir, folder.path());
    let (import_rate, bare_rate) = (rows as f64 / import, rows as f64 / bare);
    println!("import: {import_rate:.0} events/s; bare Appender, row by row: {bare_rate:.0} rows/s");
    println!("ratio {:.2}", import_rate / bare_rate);
    assert!(import_rate >= bare_rate / 2.0);
}

fn status_kib(process: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn percentile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

#[test]
#[ignore = "a measurement: minutes, and a quiet machine"]
fn the_floor_for_scale_holds() {
    let events: u64 = number("BOTLEDGER_SCALE", 1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let file = generated(folder.path(), events);
    let started = Instant::now();
    let stored = imported_in(&data_dir, &file);
    let folded = started.elapsed().as_secs_f64() - stored;
    println!("{events} events: stored in {stored:.1} s, folded and closed in {folded:.1} s");

    let served = Served::start(&data_dir);
    let mut slowest: f64 = 0.0;
    for question in QUESTIONS {
        let address = format!("/v1/metrics/{question}&from=2025-06-01&to=2025-07-01");
        let (p50, p95) = timed(&served, &address, 40);
        println!("p50 {p50:6.1} ms  p95 {p95:6.1} ms  {question}");
        slowest = slowest.max(p95);
    }

    for path in MORE {
        let (p50, p95) = timed(&served, &format!("{path}&from=2025-06-01&to=2025-07-01"), 10);
        println!("p50 {p50:6.1} ms  p95 {p95:6.1} ms  {path}");
    }

    let fresh = freshness(&served);
    let memory = status_kib(served.process(), "VmHWM:") as f64 / 1024.0;
    println!(
        "10,000 new events in the answers {:.0} ms after their acknowledgement",
        fresh * 1e3
    );
    println!("memory at most {memory:.0} MiB");
    assert!(
        slowest <= 100.0,
        "the slowest default question takes {slowest:.0} ms at p95, asked 100 ms"
    );
    assert!(fresh <= 1.0);
    assert!(memory <= 1536.0);
}

/// Milliseconds of the middle and of the slowest of twenty among so many askings of one address.
fn timed(served: &Served, address: &str, askings: usize) -> (f64, f64) {
    let mut times: Vec<f64> = (0..askings)
        .map(|_| {
            let started = Instant::now();
            served.client.get(address).expect_status(200);
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (percentile(&times, 0.5), percentile(&times, 0.95))
}

/// Seconds from the acknowledgement of 10,000 new events until they are counted; the worst of five.
fn freshness(served: &Served) -> f64 {
    let mut worst: f64 = 0.0;
    for round in 0..5 {
        let lines: String = (0..10_000)
            .map(|n| {
                format!(
                    r#"{{"specversion":"1.0","id":"fresh-{round}-{n}","source":"/scale","type":"conversation.started","time":"2025-06-{:02}T12:00:00Z","data":{{"platform":"web","bot_id":"fresh{}","conversation_id":"fresh-{round}-{n}"}}}}"#,
                    n % 28 + 1,
                    n % 700
                ) + "\n"
            })
            .collect();
        let entered = |served: &Served| -> i64 {
            let answer = served
                .client
                .get_json("/v1/metrics/conversion?from=2025-06-01&to=2025-07-01");
            answer["rows"][0]["entered"].as_i64().unwrap()
        };
        let before = entered(served);
        served.client.post_events(&lines);
        let acknowledged = Instant::now();
        while entered(served) < before + 10_000 {
            assert!(
                acknowledged.elapsed() < Duration::from_secs(30),
                "the events never show"
            );
        }
        worst = worst.max(acknowledged.elapsed().as_secs_f64());
    }
    worst
}

#[test]
fn a_measurement_reads_its_figures_off_the_import_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = generated(folder.path(), 2_000);
    let data_dir = folder.path().join("data");
    assert!(imported_in(&data_dir, &file) >= 0.0);
    let (rows, seconds) = bare_appender_seconds(&data_dir, folder.path());
    assert!(rows > 1_900 && seconds > 0.0);
    assert!(run_on(&data_dir, &["rebuild"]).is_empty());
}
