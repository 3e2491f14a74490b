//! The server knows when it cannot do its work, says so, and ends where it cannot go on.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use botledger::app::{AppError, Application};
use botledger::model::Clock;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::app::{PRESENT, TestApp, config, instant};
use crate::support::client::{Client, Counts};
use crate::support::events::{Draft, captured, conversation, lines};
use crate::support::ledger::Ledger;
use crate::support::program::{Served, botledger_after};

/// What `/readyz` says is wrong, once it does; `/v1/jobs` says the same.
fn unready(client: &Client) -> String {
    let reply = eventually(|| Some(client.get("/readyz")).filter(|reply| reply.status == 503));
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    reply.problem(503, "not_ready");
    assert_eq!(client.get_json("/v1/jobs")["problems"], json!([detail]));
    detail
}

fn eventually<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "it does not come about");
        thread::sleep(Duration::from_millis(20));
    }
}

fn payment(name: &str) -> String {
    lines(&[captured(name, "10.00", "USD").id(name)])
}

#[test]
fn a_server_that_can_do_its_work_is_ready() {
    let app = TestApp::start();
    app.client.post_events(&payment("p1"));
    app.wait_folded();
    app.client.get("/readyz").expect_status(200);
    assert_eq!(app.client.get_json("/v1/jobs")["problems"], json!([]));
}

#[test]
fn a_data_folder_that_cannot_be_written_is_told_and_nothing_new_is_taken_until_it_can() {
    let app = TestApp::start();
    app.client.post_events(&payment("p1"));
    // Where the probe is to be written there is a folder.
    let obstacle = app.config.data_dir.join("botledger.probe");
    eventually(|| std::fs::create_dir(&obstacle).ok());
    assert!(unready(&app.client).starts_with("the data folder cannot be written"));
    app.client.post_lines(&payment("p2")).problem(503, "no_room");
    app.client.get("/v1/metrics/payments").expect_status(200);
    std::fs::remove_dir(&obstacle).unwrap();
    eventually(|| Some(()).filter(|()| app.client.get("/readyz").status == 200));
    assert_eq!(app.client.post_events(&payment("p2")).accepted, 1);
}

#[test]
fn a_clock_behind_the_last_stamp_is_told() {
    let app = TestApp::start();
    app.client.post_events(&payment("p1"));
    app.clock.advance(TimeDelta::seconds(-5));
    app.client.get("/readyz").expect_status(200);
    app.clock.advance(TimeDelta::seconds(-55));
    assert!(unready(&app.client).starts_with("the clock is 60 s behind"));
}

#[test]
fn a_fold_that_is_too_far_behind_is_told() {
    let mut app = TestApp::with(|config| config.limits.fold_seconds = 90);
    app.stop();
    // Without this table nothing can be folded.
    Ledger::open(&app.config.data_dir)
        .0
        .execute_batch("drop table conversation_cells")
        .unwrap();
    app.restart();
    app.client.post_events(&payment("p1"));
    let fold = |jobs: Value| jobs["jobs"].as_array().unwrap()[0].clone();
    let failed = eventually(|| Some(fold(app.client.get_json("/v1/jobs"))).filter(|fold| fold["failures"] != 0));
    assert!(failed["last_error"].is_string(), "{failed}");
    app.clock.advance(TimeDelta::seconds(90));
    app.client.get("/readyz").expect_status(200);
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(
        unready(&app.client),
        "events that were received 91 s ago are not folded yet"
    );
}

#[test]
fn a_server_that_is_stopping_is_not_ready() {
    let app = TestApp::start();
    app.store().begin_stop();
    assert_eq!(unready(&app.client), "the server is stopping");
}

/// Serves with a clock that panics in one of the server's threads once a test has begun; gives how the server ends.
fn ends(name: &'static str, data_dir: &Path, test: impl FnOnce(&Client, &AtomicBool)) -> AppError {
    let broken = Arc::new(AtomicBool::new(false));
    let breaks = broken.clone();
    let clock: Clock = Arc::new(move || {
        let here = thread::current().name() == Some(name);
        assert!(!(here && breaks.load(Ordering::SeqCst)), "this thread is to end");
        instant(PRESENT)
    });
    let (tell, told) = channel();
    let config = config(data_dir);
    let server = thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let application = Application::build(config, clock).unwrap();
            tell.send(application.address()).unwrap();
            application.run().await
        })
    });
    let client = Client::new(format!("http://{}", told.recv().unwrap()));
    test(&client, &broken);
    server.join().unwrap().expect_err("the server has to end with an error")
}

#[test]
fn where_the_writer_ends_the_server_ends_and_nothing_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let error = ends("writer", folder.path(), |client, broken| {
        client.post_events(&payment("kept"));
        broken.store(true, Ordering::SeqCst);
        if let Ok(reply) = client.try_post(
            "/v1/events",
            &[("content-type", "application/x-ndjson")],
            payment("lost").as_bytes(),
        ) {
            reply.expect_status(503);
        }
    });
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("`writer`"), "{error}");
    let app = TestApp::on(config(folder.path()));
    let again = app.client.post_events(&(payment("kept") + &payment("lost")));
    assert_eq!((again.duplicates, again.accepted), (1, 1));
}

#[test]
fn where_the_jobs_end_the_server_ends_and_what_was_acknowledged_stays() {
    let folder = tempfile::tempdir().unwrap();
    let error = ends("jobs", folder.path(), |client, broken| {
        client.post_events(&payment("kept"));
        broken.store(true, Ordering::SeqCst);
        // The jobs wake with the next event; whether this one is answered is not the question.
        let headers = [("content-type", "application/x-ndjson")];
        drop(client.try_post("/v1/events", &headers, payment("next").as_bytes()));
    });
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("`jobs`"), "{error}");
    let app = TestApp::on(config(folder.path()));
    assert_eq!(app.client.post_events(&payment("kept")).duplicates, 1);
}

#[test]
fn a_last_checkpoint_that_fails_is_told_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let batch = |from: usize, to: usize| -> String {
        let event = |number: usize| -> Draft {
            let name = format!("c{number}");
            conversation("b1", &name).id(&name)
        };
        lines(&(from..to).map(event).collect::<Vec<_>>())
    };
    let server = Served::start(folder.path());
    server.client.post_events(&batch(0, 8_000));
    assert!(server.terminate().success());
    // The database may not grow any more, so that its last checkpoint fails; its log may grow up to the same size.
    let size = std::fs::metadata(folder.path().join("botledger.duckdb")).unwrap().len();
    let limits = format!("trap '' XFSZ; ulimit -f {}", size / 1024 + 64);
    let data = folder.path().to_str().unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data];
    let server = Served::spawn(botledger_after(&limits, &arguments));
    let reply = server.client.post_lines(&batch(8_000, 12_000));
    let accepted = if reply.status == 200 {
        Counts::of(&reply.json()).accepted
    } else {
        reply.problem(503, "no_room");
        assert_eq!(unready(&server.client), "the last commit has failed");
        0
    };
    assert_eq!(server.terminate().code(), Some(2));
    let server = Served::start(folder.path());
    let again = server.client.post_events(&batch(0, 12_000));
    assert_eq!(again.duplicates, 8_000 + accepted, "what was acknowledged is there");
    assert!(server.terminate().success());
}

#[test]
fn a_flood_of_connections_is_survived_with_few_descriptors() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data];
    let server = Served::spawn(botledger_after("ulimit -n 64", &arguments));
    let address = server.client.url("").trim_start_matches("http://").to_owned();
    let flood: Vec<TcpStream> = (0..100)
        .map(|_| {
            let mut connection = TcpStream::connect(&address).unwrap();
            connection.write_all(b"GET /v1/metrics/payments HTTP/1.1\r\n").unwrap();
            connection
        })
        .collect();
    let open = || {
        std::fs::read_dir(format!("/proc/{}/fd", server.process()))
            .unwrap()
            .count()
    };
    thread::sleep(Duration::from_millis(500));
    assert!(open() <= 56, "{} files are open: none is left for the database", open());
    drop(flood);
    assert_eq!(server.client.post_events(&payment("p1")).accepted, 1);
    for path in ["/v1/metrics/payments", "/v1/charts/payments.png", "/", "/readyz"] {
        server.client.get(path).expect_status(200);
    }
    assert!(server.terminate().success(), "the checkpoint has failed");
}
