//! An export can be imported again: the same events, known where they are known, and the same numbers elsewhere.

use std::path::Path;

use botledger::config::Source;
use botledger::ingest::privacy::pseudonym::KEY_FILE;
use serde_json::Value;

use crate::small;
use crate::support::app::{TestApp, source};
use crate::support::client::zstd;
use crate::support::ledger::Ledger;
use crate::support::program::{run, run_on};

/// Everything of the events but when they came in.
fn events(data: &Path) -> Vec<Vec<String>> {
    Ledger::open(data).rows("select t::varchar from (select * exclude (received_at) from events) t order by 1")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_export_is_known_where_it_comes_from_and_gives_the_same_ledger_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second, out, file] = ["first", "second", "out", "events"].map(|name| folder.path().join(name));
    let sample: String = small::sample()
        .lines()
        .take(66)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&file, zstd(sample.as_bytes())).unwrap();
    run_on(&first, &["import", text(&file)]);
    run_on(&first, &["export", text(&out)]);

    let again = run_on(&first, &["import", text(&out)]);
    assert!(
        again.contains("0 accepted, 66 duplicates, 0 conflicts, 0 rejected"),
        "{again}"
    );

    std::fs::create_dir(&second).unwrap();
    std::fs::copy(first.join(KEY_FILE), second.join(KEY_FILE)).unwrap();
    let elsewhere = run_on(&second, &["import", "--accept-loss", text(&out)]);
    assert!(
        elsewhere.contains("66 accepted, 0 duplicates, 0 conflicts, 0 rejected"),
        "{elsewhere}"
    );
    assert_eq!(events(&first), events(&second));
    assert_eq!(Ledger::open(&first).facts(), Ledger::open(&second).facts());

    // What its sender sends again is known in the new ledger, too.
    let resent = run_on(&second, &["import", text(&file)]);
    assert!(
        resent.contains("0 accepted, 66 duplicates, 0 conflicts, 0 rejected"),
        "{resent}"
    );
}

#[test]
fn one_file_of_an_export_is_taken_alone() {
    let folder = tempfile::tempdir().unwrap();
    let [data, out, file] = ["data", "out", "events"].map(|name| folder.path().join(name));
    std::fs::write(&file, small::sample()).unwrap();
    run(&["--data-dir", text(&data), "import", text(&file)]);
    run_on(&data, &["export", text(&out)]);
    let day = std::fs::read_dir(out.join("day=2016-09-12"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let count = Ledger::open(&data).number("select count(*) from events where time::date = date '2016-09-12'");
    let said = run_on(&data, &["import", text(&day.path())]);
    assert!(
        said.contains(&format!("0 accepted, {count} duplicates")),
        "{count}: {said}"
    );
}

fn of_telegram() -> TestApp {
    TestApp::with(|config| {
        let bot_id = Some("700123456".into());
        config.sources = vec![Source {
            bot_id,
            ..source("telegram", &["secret"])
        }];
    })
}

fn deliver(app: &TestApp, body: &str) -> Value {
    let headers = [("x-telegram-bot-api-secret-token", "secret")];
    let answer = app.client.post("/v1/webhooks/telegram/main", &headers, body.as_bytes());
    answer.expect_status(200).json()
}

#[test]
fn what_webhooks_told_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let [second, out] = ["second", "out"].map(|name| folder.path().join(name));
    let mut app = of_telegram();
    let update = r#"{"update_id": 1, "message": {"message_id": 1, "date": 1473670800, "text": "/start ad",
        "chat": {"id": 42, "type": "private"}, "from": {"id": 42, "is_bot": false, "first_name": "A"},
        "successful_payment": {"currency": "USD", "total_amount": 500, "invoice_payload": "p",
            "telegram_payment_charge_id": "t1", "provider_payment_charge_id": "c1"}}}"#;
    let unread = r#"{"update_id": 2, "poll": {"id": "1"}}"#;
    for body in [update, unread] {
        deliver(&app, body);
    }
    app.wait_folded();
    app.stop();
    let first = app.config.data_dir.clone();
    run_on(&first, &["export", text(&out)]);
    let again = run_on(&first, &["import", text(&out)]);
    assert!(again.contains("0 accepted, 2 duplicates, 0 conflicts"), "{again}");
    std::fs::create_dir(&second).unwrap();
    std::fs::copy(first.join(KEY_FILE), second.join(KEY_FILE)).unwrap();
    run_on(&second, &["import", "--accept-loss", text(&out)]);
    assert_eq!(events(&first), events(&second));
    assert_eq!(Ledger::open(&first).facts(), Ledger::open(&second).facts());
}

#[test]
fn what_earlier_versions_kept_of_uncounted_notices_gets_columns_and_stays_the_same_notice() {
    let folder = tempfile::tempdir().unwrap();
    let [second, out, old] = ["second", "out", "old.parquet"].map(|name| folder.path().join(name));
    let mut app = of_telegram();
    let bodies = [
        r#"{"update_id": 1, "poll": {"id": "1"}}"#,
        r#"{"update_id": 2, "message": {"chat": {"id": 42}, "from": {"id": 42}, "successful_payment":
            {"currency": "ZZZ", "total_amount": 500, "provider_payment_charge_id": "c1"}}}"#,
        "no JSON",
        r#"{"update_id": 3, "message": {"chat": {"id": 42}, "from": {"id": 42}, "text": "hello"}}"#,
    ];
    for body in bodies {
        assert_eq!(deliver(&app, body)["accepted"], 1, "{body}");
    }
    app.stop();
    let uncounted = "select notice, reason, extra from events order by id";
    let told = [
        ["", "unreadable", ""],
        ["poll", "", ""],
        ["message.successful_payment", "unknown_currency", ""],
        ["", "", ""],
    ];
    let first = app.config.data_dir.clone();
    let before = events(&first);
    let ledger = Ledger::open(&first);
    assert_eq!(ledger.rows(uncounted), told);
    drop(ledger);
    run_on(&first, &["export", text(&out)]);
    // The ledger and its export as the version before has them.
    let former = r#"case
            when kind <> 'other' then extra
            when notice is null then '{"type":"unreadable"}'
            when reason is null then '{"type":"' || notice || '"}'
            else '{"reason":"' || reason || '","type":"' || notice || '"}'
        end"#;
    let (files, target) = (out.display(), old.display());
    let back = format!(
        "copy (select * exclude (notice, reason) replace ({former} as extra)
               from read_parquet('{files}/**/*.parquet', hive_partitioning = false)) to '{target}' (format parquet);
         update events set extra = {former};
         alter table events drop column notice;
         alter table events drop column reason;
         delete from schema_versions where version >= 15"
    );
    let ledger = Ledger::open(&first);
    ledger.0.execute_batch(&back).unwrap();
    drop(ledger);
    app.restart();
    for body in bodies {
        assert_eq!(deliver(&app, body)["duplicates"], 1, "{body}");
    }
    app.stop();
    assert_eq!(events(&first), before);
    let again = run_on(&first, &["import", text(&old)]);
    assert!(again.contains("0 accepted, 4 duplicates, 0 conflicts"), "{again}");
    std::fs::create_dir(&second).unwrap();
    std::fs::copy(first.join(KEY_FILE), second.join(KEY_FILE)).unwrap();
    let elsewhere = run_on(&second, &["import", "--accept-loss", text(&old)]);
    assert!(elsewhere.contains("4 accepted, 0 duplicates"), "{elsewhere}");
    assert_eq!(events(&second), before);
}

#[test]
fn what_is_no_export_is_refused_in_a_sentence_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [data, empty, other] = ["data", "empty", "other.parquet"].map(|name| folder.path().join(name));
    std::fs::create_dir(&empty).unwrap();
    let refused = |path: &Path| {
        let output = run(&["--data-dir", text(&data), "import", text(path)]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused(&empty);
    assert!(
        said.contains("folder without Parquet files") && !data.exists(),
        "{said}"
    );
    std::fs::write(&other, "PAR1 and nothing more").unwrap();
    let said = refused(&other);
    assert!(said.contains("not an export that can be read"), "{said}");
}
