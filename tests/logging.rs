//! Logging never harms: whatever becomes of standard error and output, requests are answered and the server stops in
//! good order.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, PipeReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::events::{bot_registered, conversation, lines};
use crate::support::ledger::Ledger;
use crate::support::program::{Served, botledger, run_on};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A device on which every write fails, as on a full disk.
fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

/// `serve`, with a log line for each request.
fn serve(data: &Path) -> Command {
    let mut command = botledger(&["serve", "--listen", "127.0.0.1:0", "--data-dir", text(data)]);
    command.env("BOTLEDGER_LOG", "info");
    command
}

fn lost(served: &Served) -> u64 {
    served.client.get_json("/v1/jobs")["log_lines_lost"].as_u64().unwrap()
}

/// Serves with a standard error that refuses every line.
fn serves_without_log(mut command: Command, stderr: Stdio) {
    command.stderr(stderr);
    let served = Served::spawn(command);
    assert_eq!(served.client.post_events(&lines(&[bot_registered("b1")])).accepted, 1);
    for _ in 0..20 {
        served.client.get("/nowhere").problem(404, "not_found");
    }
    // A line for each of these 21 requests, and those of the start.
    assert!(lost(&served) > 21);
    assert!(served.terminate().success());
}

#[test]
fn a_full_disk_under_the_log_stops_nothing_and_its_lines_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    serves_without_log(serve(folder.path()), full());
}

#[test]
fn the_log_tells_once_of_each_field_of_a_source_that_holds_no_id() {
    let folder = tempfile::tempdir().unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = serve(folder.path());
    command.env("BOTLEDGER_LOG", "warn").stderr(writer);
    let served = Served::spawn(command);
    for n in 0..3 {
        let one = conversation("b", "undefined")
            .id(&format!("e{n}"))
            .with("user_id", "null");
        served.client.post_events(&lines(&[one]));
    }
    assert!(served.terminate().success());
    let mut log = String::new();
    reader.read_to_string(&mut log).unwrap();
    for field in ["data.conversation_id", "data.user_id"] {
        assert_eq!(log.matches(field).count(), 1, "{log}");
    }
    assert!(log.contains("/v1/events"), "{log}");
}

#[test]
fn a_commit_that_fails_is_one_line_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    run_on(folder.path(), &["import", "/dev/null"]);
    // No commit of events fits this table, and no annotation finds its own.
    let broken = "alter table events add column surplus integer; drop table annotations";
    Ledger::open(folder.path()).0.execute_batch(broken).unwrap();
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = serve(folder.path());
    command.env("BOTLEDGER_LOG", "warn").stderr(writer);
    let served = Served::spawn(command);
    let annotation = r#"{"time": "2016-09-12T00:00:00Z", "text": "launch"}"#;
    let json = [("content-type", "application/json")];
    for reply in [
        served.client.post_lines(&lines(&[bot_registered("b1")])),
        served.client.post("/v1/annotations", &json, annotation.as_bytes()),
    ] {
        reply.problem(500, "internal");
    }
    served.terminate();
    let mut log = String::new();
    reader.read_to_string(&mut log).unwrap();
    assert_eq!(log.matches("ERROR").count(), 2, "{log}");
}

#[test]
fn a_log_whose_reader_is_gone_stops_nothing_and_its_lines_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    serves_without_log(serve(folder.path()), writer.into());
}

/// A server whose log nobody reads, after requests with more of it than a pipe and the program hold.
fn stalled(data: &Path) -> (Served, PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = serve(data);
    command.stderr(writer);
    let served = Served::spawn(command);
    // 110 lines of 50 kB are 5.5 MB; 4 MiB wait.
    let long = format!("/{}", "x".repeat(50_000));
    for _ in 0..110 {
        served.client.get(&long).problem(404, "not_found");
    }
    // No more than wait are lost: 5.5 MB - 4 MiB - the pipe's 64 KiB are 24 lines and something.
    let lost = lost(&served);
    assert!((20..=110).contains(&lost), "{lost}");
    (served, reader)
}

#[test]
fn a_log_that_nobody_reads_holds_up_no_request_and_no_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (served, reader) = stalled(folder.path());
    assert_eq!(served.client.post_events(&lines(&[bot_registered("b1")])).accepted, 1);
    assert!(served.terminate().success());
    drop(reader);
}

#[test]
fn a_log_that_flows_again_tells_how_many_lines_were_lost_and_ends_with_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let (served, mut reader) = stalled(folder.path());
    let lost = lost(&served);
    let reading = std::thread::spawn(move || {
        let mut log = String::new();
        reader.read_to_string(&mut log).map(|_| log)
    });
    served.client.get("/nowhere").problem(404, "not_found");
    assert!(served.terminate().success());
    let log = reading.join().unwrap().unwrap();
    let told = log.lines().find(|line| line.contains("lines of the log were lost"));
    let told = told.unwrap_or_else(|| panic!("not told: {}", &log[log.len().saturating_sub(2_000)..]));
    assert!(told.contains(&format!("total={lost}")), "{lost}: {told}");
    let last = log.lines().last().unwrap();
    assert!(last.ends_with("stopped; everything accepted is stored"), "{last}");
}

#[test]
fn a_server_that_cannot_print_its_address_serves() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = serve(folder.path())
        .stdout(full())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let serving = log.find(|line| line.contains("address=")).unwrap();
    let address = serving.split("address=").nth(1).unwrap().split(' ').next().unwrap();
    let client = crate::support::client::Client::new(format!("http://{address}"));
    client.get("/readyz").expect_status(200);
    let told = log.any(|line| line.contains("cannot write to standard output"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told);
}

#[test]
fn commands_do_their_work_where_nobody_hears_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let [data, one, other] = ["data", "one", "other"].map(|name| folder.path().join(name));
    std::fs::write(&one, lines(&[bot_registered("b1")])).unwrap();
    std::fs::write(&other, lines(&[bot_registered("b2")])).unwrap();
    let import = ["import", text(&one), text(&other), "--data-dir", text(&data)];
    let status = botledger(&import).stdout(full()).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    let again = run_on(&data, &["import", text(&one), text(&other)]);
    assert_eq!(again.matches("0 accepted, 1 duplicates").count(), 2, "{again}");
    // The exit code says what the message cannot.
    let status = botledger(&["rebuild", "--data-dir", text(&folder.path().join("none"))])
        .stderr(full())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
    // A key that was not shown was not made.
    let status = botledger(&["key", "me"])
        .stdout(full())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
}
