//! The rollup answers what the facts answer: a filter that matches everything changes nothing, though it
//! sends the question past the rollup.

use botledger::generate::{self, Plan, Size};

use crate::support::app::TestApp;
use crate::support::ledger::Ledger;

/// Questions that the rollup answers, in whole or up to what is still open.
const QUESTIONS: [&str; 6] = [
    "from=2025-01-01&to=2025-02-01&interval=day",
    "from=2025-01-01&to=2025-02-01&group_by=path",
    "from=2025-01-01&to=2025-02-01&group_by=platform,path&interval=week",
    "from=2025-01-02&to=2025-01-20&platform=messenger&interval=day&tz=Asia/Kathmandu",
    "from=2025-01-02&to=2025-01-20&path!=redirect&interval=day&tz=America/New_York",
    "from=2025-01-01T06:15:00Z&to=2025-01-09T17:45:00Z&interval=day",
];

fn filled(app: &TestApp, posts: usize) {
    let plan = Plan {
        bots: 60,
        size: Size::Events(6_000),
        from: "2025-01-01T00:00:00Z".parse().unwrap(),
        to: "2025-02-01T00:00:00Z".parse().unwrap(),
        ..Plan::default()
    };
    let lines: Vec<String> = generate::generate(plan).unwrap().collect();
    for part in lines.chunks(lines.len().div_ceil(posts)) {
        app.client.post_events(&(part.join("\n") + "\n"));
        app.wait_folded();
    }
}

fn rows(app: &TestApp, query: &str) -> serde_json::Value {
    app.client.get_json(&format!("/v1/metrics/conversion?{query}"))["rows"].clone()
}

#[test]
fn a_filter_that_matches_everything_changes_nothing() {
    let app = TestApp::start();
    filled(&app, 5);
    for query in QUESTIONS {
        let rollup = rows(&app, query);
        assert!(
            rollup
                .as_array()
                .is_some_and(|rows| rows.iter().any(|row| row["entered"].as_i64() > Some(0)))
        );
        assert_eq!(rollup, rows(&app, &format!("{query}&bot!=nothing")), "{query}");
    }
}

#[test]
fn what_is_still_open_is_counted_beside_the_cube() {
    let app = TestApp::start();
    app.clock.set("2025-01-20T10:07:30Z");
    filled(&app, 1);
    let query = "from=2025-01-15&to=2025-02-01&interval=day";
    let rollup = rows(&app, query);
    assert!(
        rollup
            .as_array()
            .is_some_and(|rows| rows.iter().any(|row| row["open"].as_i64() > Some(0)))
    );
    assert_eq!(rollup, rows(&app, &format!("{query}&bot!=nothing")));
}

#[test]
fn compacting_the_rollup_changes_no_answer() {
    let mut app = TestApp::start();
    filled(&app, 20);
    let before: Vec<_> = QUESTIONS.iter().map(|query| rows(&app, query)).collect();
    let scattered = "insert into conversation_cells select cell, mode, platform, path, sign * 5, 0, 0 \
                     from conversation_cells, (values (1), (-1)) signs(sign), range(40)";
    let folder = app.config.data_dir.clone();
    app.stop();
    Ledger::open(&folder).0.execute_batch(scattered).unwrap();
    app.restart();
    assert!(app.store().compact_step().unwrap() || app.store().jobs().iter().any(|job| job.name == "compact"));
    assert!(!app.store().compact_step().unwrap(), "it is compact now");
    let after: Vec<_> = QUESTIONS.iter().map(|query| rows(&app, query)).collect();
    assert_eq!(before, after);
}
