//! `restated`: the events that came in after figures of their quarter hour may have been shown.

use botledger::ingest::import;
use botledger::ingest::privacy::Privacy;
use chrono::TimeDelta;

use crate::support::app::TestApp;
use crate::support::events::{Draft, conversation, lines};
use crate::support::ledger::Ledger;
use crate::support::program::{Served, run_on};

/// A conversation that began at a moment.
fn began(time: &str) -> Draft {
    conversation("b1", time).at(time)
}

/// One conversation at each moment, as a file.
fn file(times: &[&str]) -> String {
    lines(&times.iter().map(|time| began(time)).collect::<Vec<_>>())
}

/// Imports files in a commit or more each, as one bulk load.
fn imported(app: &TestApp, files: &[String]) {
    let privacy = Privacy::open(&app.config, app.store()).unwrap();
    let (clock, load) = (app.clock.clock(), app.store().bulk_load());
    for file in files {
        let progress = &mut |_, _: &_| ();
        import::import(app.store(), load, file.as_bytes(), &clock, &privacy, 65_536, progress).unwrap();
        app.clock.advance(TimeDelta::minutes(1));
    }
    app.wait_folded();
}

/// Sends one event, as it happens.
fn sent(app: &TestApp, time: &str) {
    app.client.post_events(&lines(&[began(time)]));
    app.clock.advance(TimeDelta::minutes(1));
    app.wait_folded();
}

fn restated(app: &TestApp, question: &str) -> i64 {
    let answer = app.client.get_json(&format!("/v1/metrics/conversion?{question}"));
    answer["meta"]["restated"].as_i64().unwrap()
}

const JULY: &str = "from=2016-07-01&to=2016-08-01";

/// History in two files whose days overlap: everything in the second is of days that the first has.
fn history() -> [String; 2] {
    [
        file(&["2016-07-01T10:00:00Z", "2016-07-02T10:00:00Z", "2016-07-03T10:00:00Z"]),
        file(&["2016-07-01T11:00:00Z", "2016-07-02T11:00:00Z"]),
    ]
}

#[test]
fn history_in_several_commits_restates_nothing_in_an_empty_ledger() {
    let mut app = TestApp::start();
    imported(&app, &history());
    assert_eq!(restated(&app, JULY), 0);
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(ledger.number("select count(*) from commits"), 2);
    assert_eq!(ledger.number("select count(*) from events"), 5);
    assert_eq!(ledger.number("select count(*) from late_events"), 0);
}

#[test]
fn the_program_s_import_of_several_files_is_one_bulk_load() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let files = history().map(|text| {
        let path = folder.path().join(format!("{}.ndjson", text.len()));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    });
    run_on(&data, &["import", &files[0], &files[1]]);
    // What the ledger has now may have been shown: a second import is another load.
    let later = folder.path().join("later");
    std::fs::write(&later, file(&["2016-07-04T10:00:00Z"])).unwrap();
    run_on(&data, &["import", later.to_str().unwrap()]);
    let ledger = Ledger::open(&data);
    assert_eq!(ledger.number("select count(*) from commits"), 3);
    assert_eq!(ledger.number("select count(*) from commits where shown_at is null"), 2);
    let late = ledger.rows("select quarter::varchar, events from late_events");
    assert_eq!(late, [["2016-07-04 10:00:00", "1"]]);
}

#[test]
fn an_import_restates_the_days_that_the_ledger_has_shown_and_no_others() {
    let app = TestApp::start();
    // The only commit before the import is of 2026-01-01, 00:00.
    sent(&app, "2016-07-01T09:00:00Z");
    app.clock.set("2026-01-05T00:00:00Z");
    let [first, second] = history();
    let unseen = file(&[
        "2025-12-31T23:44:59Z",
        "2025-12-31T23:45:00Z",
        "2026-01-01T00:00:00Z",
        "2026-01-03T10:00:00Z",
    ]);
    imported(&app, &[first, second, unseen]);
    assert_eq!(restated(&app, JULY), 5, "every event of the two files of July");
    // The quarter hour from 23:45 had just ended when the commit was stamped, and those after it had not.
    assert_eq!(restated(&app, "from=2025-12-31&to=2026-01-01"), 2);
    assert_eq!(restated(&app, "from=2026-01-01&to=2026-01-05"), 0);
}

#[test]
fn a_live_event_counts_where_its_quarter_hour_was_over_at_the_commit_before() {
    let app = TestApp::start();
    app.clock.set("2025-06-01T10:14:00Z");
    sent(&app, "2025-06-01T10:01:00Z");
    app.clock.set("2025-06-01T10:20:00Z");
    sent(&app, "2025-06-01T10:02:00Z");
    let day = "from=2025-06-01&to=2025-06-02";
    assert_eq!(
        restated(&app, day),
        0,
        "the commit before was in the middle of the quarter hour"
    );
    app.clock.set("2025-06-01T10:30:00Z");
    sent(&app, "2025-06-01T10:03:00Z");
    assert_eq!(restated(&app, day), 1);
    sent(&app, "2025-06-01T10:15:00Z");
    assert_eq!(
        restated(&app, day),
        2,
        "the commit before was on the edge: its quarter hour had ended"
    );
    sent(&app, "2025-06-01T10:30:00Z");
    assert_eq!(restated(&app, day), 2);
}

#[test]
fn an_as_of_before_its_receipt_does_not_count_it() {
    let app = TestApp::start();
    sent(&app, "2016-07-01T09:00:00Z");
    app.clock.set("2026-01-02T00:00:00Z");
    imported(&app, &history());
    let at = |as_of: &str| restated(&app, &format!("{JULY}&as_of={as_of}"));
    assert_eq!(at("2026-01-01T12:00:00Z"), 0);
    assert_eq!(
        at("2026-01-02T00:00:00Z"),
        3,
        "the first file was committed at that moment"
    );
    assert_eq!(at("2026-01-02T00:01:00Z"), 5);
}

#[test]
fn a_range_counts_its_own_quarter_hours_in_any_zone() {
    let app = TestApp::start();
    sent(&app, "2016-07-01T00:00:00Z");
    imported(
        &app,
        &[file(&[
            "2016-07-01T22:30:00Z",
            "2016-07-02T09:59:59Z",
            "2016-07-02T10:00:00Z",
        ])],
    );
    assert_eq!(restated(&app, "from=2016-07-02&to=2016-07-03"), 2);
    assert_eq!(restated(&app, "from=2016-07-02&to=2016-07-03&tz=Europe/Rome"), 3);
    assert_eq!(restated(&app, "from=2016-07-02T10:00:00Z&to=2016-07-02T11:00:00Z"), 1);
    assert_eq!(restated(&app, "from=2016-07-02T09:00:00Z&to=2016-07-02T10:00:00Z"), 1);
    // A quarter hour that the range only touches counts whole.
    assert_eq!(restated(&app, "from=2016-07-02T10:10:00Z&to=2016-07-02T10:12:00Z"), 1);
    assert_eq!(restated(&app, "from=2016-07-02T10:15:00Z&to=2016-07-02T10:30:00Z"), 0);
}

#[test]
fn a_rebuild_finds_the_same_again() {
    let mut app = TestApp::start();
    imported(&app, &history());
    sent(&app, "2016-07-02T12:00:00Z");
    imported(
        &app,
        &[file(&["2016-07-01T12:00:00Z"]), file(&["2016-07-01T12:00:01Z"])],
    );
    assert_eq!(restated(&app, JULY), 3);
    app.stop();
    let late = "select * replace (quarter::varchar as quarter, received_at::varchar as received_at) from late_events \
                order by all";
    let before = Ledger::open(&app.config.data_dir).rows(late);
    run_on(&app.config.data_dir, &["rebuild"]);
    assert_eq!(Ledger::open(&app.config.data_dir).rows(late), before);
    app.restart();
    assert_eq!(restated(&app, JULY), 3);
}

#[test]
fn the_commits_of_an_older_ledger_keep_the_rule_of_their_time() {
    let mut app = TestApp::start();
    imported(&app, &history());
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let back = "alter table commits drop column shown_at; drop table late_events; \
                create table late_events (day integer not null, received_at timestamp not null, events bigint not null); \
                delete from schema_versions where version >= 5";
    ledger.0.execute_batch(back).unwrap();
    drop(ledger);
    // What the start has changed is there to stay, also if it ends at once.
    Served::start(&app.config.data_dir).kill();
    app.restart();
    app.wait_folded();
    // Each was measured against the commit before it: the second file against the first.
    assert_eq!(restated(&app, JULY), 2);
    assert_eq!(restated(&app, "from=2016-07-02&to=2016-07-03"), 1);
    // What comes from now on has the new one.
    imported(
        &app,
        &[file(&["2016-07-05T10:00:00Z"]), file(&["2016-07-05T10:00:01Z"])],
    );
    assert_eq!(restated(&app, "from=2016-07-05&to=2016-07-06"), 2);
}
