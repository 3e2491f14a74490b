//! `as_of`: what had been received by a moment answers for ever in the same bytes.

use botledger::generate::{self, Plan, Size};
use botledger::metrics;
use sha2::{Digest, Sha256};

use crate::small;
use crate::support::app::{TestApp, config};
use crate::support::program::run_on;

/// The stamp of the latest commit, as a parameter.
fn stamp(app: &TestApp) -> String {
    app.wait_folded();
    app.store()
        .committed()
        .borrow()
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

fn bodies(app: &TestApp, paths: &[String], as_of: &str) -> Vec<Vec<u8>> {
    let ask = |path: &String| app.client.get(&format!("{path}&as_of={as_of}")).expect_status(200).body;
    paths.iter().map(ask).collect()
}

fn rows(bodies: &[Vec<u8>]) -> Vec<serde_json::Value> {
    bodies
        .iter()
        .map(|body| serde_json::from_slice::<serde_json::Value>(body).unwrap()["rows"].clone())
        .collect()
}

fn sample_questions() -> Vec<String> {
    small::questions()
        .iter()
        .map(|question| question["query"].as_str().unwrap().to_owned())
        .collect()
}

/// Sends parts, asks after each, and asks again after all: every earlier answer must stand, and must be what a
/// ledger says that never received more.
fn earlier_answers_stand(parts: &[String], paths: &[String]) {
    let mut app = TestApp::start();
    let mut told = Vec::new();
    for part in parts {
        app.client.post_lines(part).expect_status(200);
        let as_of = stamp(&app);
        let answers = bodies(&app, paths, &as_of);
        told.push((as_of, answers));
        app.clock.advance(chrono::TimeDelta::hours(1));
    }
    let check = |app: &TestApp, when: &str| {
        for (at, (as_of, answers)) in told.iter().enumerate() {
            for (path, (before, after)) in paths.iter().zip(answers.iter().zip(bodies(app, paths, as_of))) {
                let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(&after));
                assert_eq!(before, after, "{path} as of part {at}, {when}");
            }
        }
    };
    check(&app, "after all parts");
    app.restart();
    check(&app, "after a restart");
    for length in 1..parts.len() {
        let other = TestApp::start();
        for part in &parts[..length] {
            other.client.post_lines(part).expect_status(200);
        }
        let as_of = stamp(&other);
        for (path, (alone, told)) in paths.iter().zip(
            rows(&bodies(&other, paths, &as_of))
                .iter()
                .zip(rows(&told[length - 1].1)),
        ) {
            assert_eq!(alone, &told, "{path}: a ledger of {length} parts answers otherwise");
        }
    }
}

fn in_parts(lines: &[&str], parts: usize) -> Vec<String> {
    lines
        .chunks(lines.len().div_ceil(parts))
        .map(|chunk| chunk.join("\n"))
        .collect()
}

#[test]
fn an_answer_as_of_a_moment_stays_the_same_bytes() {
    let sample = small::sample();
    // Interleaved, so that each part changes entities of the earlier ones.
    let mut lines: Vec<(usize, &str)> = sample.lines().enumerate().collect();
    lines.sort_by_key(|(at, _)| (at * 7) % 5);
    let lines: Vec<&str> = lines.into_iter().map(|(_, line)| line).collect();
    earlier_answers_stand(&in_parts(&lines, 4), &sample_questions());
}

#[test]
fn an_answer_as_of_a_moment_stands_on_generated_data_too() {
    let plan = Plan {
        seed: 11,
        bots: 25,
        size: Size::Conversations(400),
        late_share: 2_000,
        out_of_order_share: 2_000,
        ..Plan::default()
    };
    let range = "from=2024-12-15&to=2025-07-01";
    let paths = [
        "bot-growth?interval=week",
        "bot-activity?interval=week&tz=Asia/Kathmandu",
        "bot-activation?interval=month&group_by=platform",
        "bot-retention?interval=month",
        "bot-retention?interval=month&unit=user",
        "milestones?at=1,5,10,20",
        "conversion?group_by=platform",
        "conversion?unit=user&group_by=path,provider&steps=started,conversation.message,checkout,paid",
        "provider-share?dimension=network&currency=original",
        "payments?interval=month&currency=original",
    ]
    .map(|path| format!("/v1/metrics/{path}&{range}"));
    let lines: Vec<String> = generate::generate(plan).unwrap().collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    earlier_answers_stand(&in_parts(&lines, 3), &paths);
}

/// Every metric by week, as JSON, as CSV and as a chart; money with exchange rates.
fn all_answers(app: &TestApp, as_of: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for metric in metrics::ALL {
        let question = format!("from=2024-12-15&to=2025-04-14&interval=week&tz=Asia/Kathmandu&as_of={as_of}");
        for address in ["metrics/{}?format=json&", "metrics/{}?format=csv&", "charts/{}.svg?"] {
            let path = format!("/v1/{}{question}", address.replace("{}", metric.name));
            let body = app.client.get(&path).expect_status(200).body;
            all.push((path, body));
        }
    }
    all
}

fn hash(answers: &[(String, Vec<u8>)]) -> String {
    let mut hasher = Sha256::new();
    answers.iter().for_each(|(_, body)| hasher.update(body));
    hex::encode(hasher.finalize())
}

/// Sends rates of every Monday.
fn post_rates(app: &TestApp, dollars: &str) {
    let mondays =
        (0..24).map(|week| chrono::NaiveDate::from_ymd_opt(2024, 12, 9).unwrap() + chrono::Days::new(7 * week));
    let lines = mondays.map(|day| format!("{day},EUR,USD,{dollars},t\n{day},EUR,GBP,0.83,t\n{day},EUR,JPY,158.3,t\n"));
    let csv = "date,base,quote,rate,source\n".to_owned() + &lines.collect::<String>();
    app.client.post_rates(&csv).expect_status(200);
}

fn annotate(app: &TestApp, text: &str) {
    let body = format!(r#"{{"time": "2025-02-03T00:00:00Z", "text": "{text}"}}"#);
    app.client
        .post(
            "/v1/annotations",
            &[("content-type", "application/json")],
            body.as_bytes(),
        )
        .expect_status(200);
}

#[test]
fn ten_thousand_late_events_change_no_earlier_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = TestApp::on(config(folder.path()));
    let plan = Plan {
        seed: 31,
        bots: 60,
        size: Size::Events(16_000),
        to: "2025-04-01T00:00:00Z".parse().unwrap(),
        duplicate_share: 300,
        conflict_share: 60,
        ..Plan::default()
    };
    // Five of eight come late, from all over the period.
    let lines: Vec<String> = generate::generate(plan).unwrap().collect();
    let (late, timely): (Vec<_>, Vec<_>) = lines.iter().enumerate().partition(|(at, _)| at * 5 % 8 < 5);
    let text = |part: &[(usize, &String)]| part.iter().map(|(_, line)| format!("{line}\n")).collect::<String>();
    assert_eq!(late.len(), 10_000);
    app.client.post_events(&text(&timely));
    post_rates(&app, "1.04");
    annotate(&app, "known before");
    let as_of = stamp(&app);
    let before = all_answers(&app, &as_of);

    app.clock.advance(chrono::TimeDelta::hours(1));
    let counts = app.client.post_events(&text(&late));
    assert!(
        counts.accepted > 9_000 && counts.duplicates > 50 && counts.conflicts > 10,
        "{counts:?}"
    );
    app.client.post_events(&text(&timely[..1_000]));
    post_rates(&app, "1.11");
    annotate(&app, "known after");
    let later = stamp(&app);
    let after = all_answers(&app, &as_of);
    let with_all = all_answers(&app, &later);
    println!("as of the first part          {}", hash(&before));
    println!("and after {counts:?} {}", hash(&after));
    assert!(
        before == after,
        "{:?}",
        before
            .iter()
            .zip(&after)
            .find(|(one, other)| one != other)
            .map(|(one, _)| &one.0)
    );
    for (one, other) in before.iter().zip(&with_all) {
        assert_ne!(one.1, other.1, "{} tells nothing of what came later", other.0);
    }

    app.stop();
    run_on(folder.path(), &["rebuild"]);
    app = TestApp::at(config(folder.path()), "2026-01-01T02:00:00Z");
    let rebuilt = all_answers(&app, &as_of);
    println!("and after a rebuild           {}", hash(&rebuilt));
    assert!(rebuilt == before && all_answers(&app, &later) == with_all);
}

#[test]
fn the_future_cannot_be_asked_for() {
    let app = TestApp::start();
    let field = app
        .client
        .get("/v1/metrics/payments?as_of=2026-01-01T00:00:01Z")
        .problem(400, "invalid_parameter");
    assert_eq!(field, "as_of");
    app.client
        .get("/v1/metrics/payments?as_of=2026-01-01T00:00:00Z")
        .expect_status(200);
}

#[test]
fn a_bucket_is_complete_only_when_it_was_over_by_then() {
    let app = small::loaded();
    let complete = |as_of: &str| -> Vec<bool> {
        let path = format!("/v1/metrics/bot-growth?from=2025-12-29&to=2026-01-02&interval=day&as_of={as_of}");
        let answer = app.client.get_json(&path);
        answer["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["complete"].as_bool().unwrap())
            .collect()
    };
    assert_eq!(complete("2026-01-01T00:00:00Z"), [true, true, true, false]);
    assert_eq!(complete("2025-12-31T23:59:59Z"), [true, true, false, false]);
}

#[test]
fn the_same_answer_is_not_sent_twice() {
    let app = small::loaded();
    let path = format!(
        "/v1/metrics/payments?from=2016-07-01&to=2016-10-01&as_of={}",
        small::RECEIVED
    );
    let first = app.client.get(&path).expect_status(200);
    let tag = first.header("etag").to_owned();
    assert!(!tag.is_empty());
    let again = app.client.get_with(&path, &[("if-none-match", &tag)]);
    assert_eq!((again.status, again.body.len()), (304, 0));
}
