//! Acknowledged is durable: what was answered with 200 is there once, whatever happens to the process.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::client::{Client, Counts};
use crate::support::events::{Draft, captured, conversation, lines};
use crate::support::ledger::Ledger;
use crate::support::program::{Served, botledger_after};

const WORKERS: u64 = 4;
const BATCH: u64 = 150;

/// Batches that were acknowledged, and how many others were tried.
#[derive(Default)]
struct Sent {
    acknowledged: Mutex<Vec<String>>,
    events: AtomicU64,
}

/// One batch of a worker: the same names give the same events.
fn batch(round: &str, worker: u64, number: u64) -> String {
    let event = |n: u64| -> Draft {
        let name = format!("{round}-{worker}-{number}-{n}");
        let time = format!("2016-07-{:02}T10:{:02}:00Z", 1 + n % 28, n % 60);
        let event = if n.is_multiple_of(3) {
            captured(&name, "10.00", "USD")
        } else {
            conversation("b1", &name)
        };
        event.at(&time).id(&name)
    };
    lines(&(0..BATCH).map(event).collect::<Vec<_>>())
}

/// Posts batches until the server is gone; a batch counts as acknowledged once its 200 has arrived.
fn send_until_gone(client: &Client, round: &str, worker: u64, sent: &Sent) {
    let headers = [("content-type", "application/x-ndjson")];
    for number in 0.. {
        let body = batch(round, worker, number);
        match client.try_post("/v1/events", &headers, body.as_bytes()) {
            Ok(reply) if reply.status == 200 => {
                let counts = Counts::of(&reply.json());
                assert_eq!(counts.accepted, BATCH);
                sent.events.fetch_add(counts.accepted, Ordering::SeqCst);
                sent.acknowledged.lock().unwrap().push(body);
            }
            // Going down: refused with nothing taken, or cut off.
            Ok(reply) => assert_eq!(reply.status, 503, "{}", reply.text()),
            Err(_) => return,
        }
    }
}

/// Sends from several workers, ends the server after a while, and gives what was acknowledged.
fn interrupted(data_dir: &Path, round: &str, millis: u64, end: impl FnOnce(Served)) -> Arc<Sent> {
    let server = Served::start(data_dir);
    let sent = Arc::new(Sent::default());
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let (client, round, sent) = (server.client.clone(), round.to_owned(), sent.clone());
            std::thread::spawn(move || send_until_gone(&client, &round, worker, &sent))
        })
        .collect();
    std::thread::sleep(Duration::from_millis(millis));
    end(server);
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    assert!(
        sent.events.load(Ordering::SeqCst) > 0,
        "nothing was acknowledged before the end"
    );
    sent
}

/// Every acknowledged event is known, and nothing is there twice.
fn assert_kept_once(data_dir: &Path, all: &[Arc<Sent>]) {
    let server = Served::start(data_dir);
    for body in all.iter().flat_map(|sent| sent.acknowledged.lock().unwrap().clone()) {
        let counts = server.client.post_events(&body);
        assert_eq!(
            (counts.accepted, counts.duplicates),
            (0, BATCH),
            "an acknowledged event was lost"
        );
    }
    assert!(server.terminate().success());
    let ledger = Ledger::open(data_dir);
    let acknowledged: u64 = all.iter().map(|sent| sent.events.load(Ordering::SeqCst)).sum();
    let stored = ledger.number("select count(*) from events");
    assert!(stored >= acknowledged as i64);
    assert_eq!(
        ledger.number("select count(*) from (select distinct source, id from events)"),
        stored
    );
    // What was under way at the end was taken whole or not at all.
    let partial = "select count(*) from (select regexp_replace(id, '-[0-9]+$', '') as batch, count(*) as events \
                   from events group by batch) where events <> 150";
    assert_eq!(ledger.number(partial), 0, "a batch was half-taken");
    assert_eq!(ledger.number("select sum(events) from commits"), stored);
}

#[test]
fn after_a_kill_in_mid_ingest_every_acknowledged_event_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let rounds: Vec<_> = [("one", 700), ("two", 1_100), ("three", 1_900)]
        .map(|(round, millis)| interrupted(folder.path(), round, millis, Served::kill))
        .into();
    assert_kept_once(folder.path(), &rounds);
}

#[test]
fn on_sigterm_what_was_accepted_is_drained() {
    let folder = tempfile::tempdir().unwrap();
    let end = |server: Served| assert!(server.terminate().success());
    let sent = interrupted(folder.path(), "term", 1_200, end);
    assert_kept_once(folder.path(), &[sent]);
}

#[test]
fn after_a_kill_in_the_middle_of_a_checkpoint_every_acknowledged_event_is_there_once() {
    const MIB: u64 = 1 << 20;
    const MANY: u64 = 2_000;
    let folder = tempfile::tempdir().unwrap();
    let bytes = |end: &str| {
        let file = folder.path().join(format!("botledger.duckdb{end}"));
        std::fs::metadata(file).map_or(0, |file| file.len())
    };
    let server = Served::start(folder.path());
    let client = server.client.clone();
    let post = move |number: u64| {
        let event = |n: u64| {
            let name = format!("{number}-{n}");
            conversation("b1", &name).id(&name)
        };
        let body = lines(&(0..MANY).map(event).collect::<Vec<_>>());
        let headers = [("content-type", "application/x-ndjson")];
        let reply = client.try_post("/v1/events", &headers, body.as_bytes()).ok()?;
        (reply.status == 200).then_some(body)
    };
    let sender = std::thread::spawn(move || (0..).map_while(post).collect::<Vec<_>>());
    // Only a checkpoint makes the database longer; until it is done, the log has everything.
    let before = bytes("");
    let deadline = Instant::now() + Duration::from_secs(120);
    while bytes("") < before + MIB {
        assert!(
            Instant::now() < deadline,
            "{} MiB of log and no checkpoint",
            bytes(".wal") / MIB
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    server.kill();
    assert!(bytes(".wal") > 16 * MIB, "the checkpoint was done");
    let acknowledged = sender.join().unwrap();
    let server = Served::start(folder.path());
    for body in &acknowledged {
        let counts = server.client.post_events(body);
        assert_eq!(
            (counts.accepted, counts.duplicates),
            (0, MANY),
            "an acknowledged event was lost"
        );
    }
    assert!(server.terminate().success());
    let ledger = Ledger::open(folder.path());
    let stored = ledger.number("select count(*) from events");
    assert!(stored >= (acknowledged.len() as u64 * MANY) as i64);
    let distinct = "select count(*) from (select distinct source, id from events)";
    assert_eq!(ledger.number(distinct), stored);
    assert_eq!(ledger.number("select sum(events) from commits"), stored);
}

#[test]
fn answers_after_a_kill_are_those_of_the_stored_events() {
    let folder = tempfile::tempdir().unwrap();
    interrupted(folder.path(), "facts", 900, Served::kill);
    let server = Served::start(folder.path());
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let path = format!("/v1/metrics/payments?from=2016-07-01&to=2016-08-01&currency=USD&as_of={now}");
    let row = server.client.get_json(&path)["rows"][0].clone();
    assert!(server.terminate().success());
    let ledger = Ledger::open(folder.path());
    let stored = ledger.number("select count(*) from events where kind = 'transaction.captured'");
    assert_eq!(
        (row["payments"].as_i64(), row["gross"].as_str()),
        (Some(stored), Some(format!("{stored}0.00").as_str()))
    );
}

#[test]
fn a_second_program_cannot_open_a_folder_that_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(folder.path());
    let data = folder.path().to_str().unwrap();
    let output = crate::support::program::run(&["rebuild", "--data-dir", data]);
    assert!(!output.status.success());
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("server"),
        "it says why"
    );
    server.client.get("/readyz").expect_status(200);
}

#[test]
fn the_log_is_put_into_the_tables_while_events_come_in_so_that_little_is_left_to_replay_after_a_kill() {
    const MIB: u64 = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    let logged = || -> u64 {
        let file = |end: &str| folder.path().join(format!("botledger.duckdb.wal{end}"));
        let bytes = |end| std::fs::metadata(file(end)).map_or(0, |file| file.len());
        ["", ".checkpoint"].into_iter().map(bytes).sum()
    };
    let server = Served::start(folder.path());
    let body = |number: u64| {
        let event = |n: u64| {
            let name = format!("{number}-{n}");
            conversation("b1", &name).id(&name)
        };
        lines(&(0..2_000).map(event).collect::<Vec<_>>())
    };
    let (mut bodies, mut longest) = (0, 0);
    // Until a checkpoint has made it shorter.
    while logged() >= longest {
        longest = logged();
        assert!(longest < 96 * MIB, "{} MiB of log and no checkpoint", longest / MIB);
        assert_eq!(server.client.post_events(&body(bodies)).accepted, 2_000);
        bodies += 1;
    }
    assert!(longest > 16 * MIB, "{} MiB of log are no reason", longest / MIB);
    server.kill();
    assert!(logged() < 64 * MIB, "{} MiB are left to replay", logged() / MIB);
    let server = Served::start(folder.path());
    for number in 0..bodies {
        assert_eq!(server.client.post_events(&body(number)).duplicates, 2_000);
    }
    assert!(server.terminate().success());
}

#[test]
fn a_terminal_that_is_closed_ends_a_server_in_good_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    // The tests may have been started to outlive their own terminal, and what they start inherits that.
    let server = Served::spawn(botledger_after(
        r#"exec env --default-signal=HUP "$0" "$@""#,
        &["serve", "--listen", "127.0.0.1:0", "--data-dir", data],
    ));
    assert_eq!(server.client.post_events(&batch("hup", 0, 0)).accepted, BATCH);
    server.signal("-HUP");
    assert!(server.ended().success());
    let log = std::fs::metadata(folder.path().join("botledger.duckdb.wal"));
    assert!(log.is_err(), "the last checkpoint was made");
}

#[test]
fn a_server_that_is_to_outlive_its_terminal_does() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let server = Served::spawn(botledger_after(
        "trap '' HUP",
        &["serve", "--listen", "127.0.0.1:0", "--data-dir", data],
    ));
    server.signal("-HUP");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(server.client.post_events(&batch("hup", 0, 0)).accepted, BATCH);
    assert!(server.terminate().success());
}
