//! Bytes in flight: what all requests hold together is bounded, and what cannot fit is refused before it is read.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::app::{TestApp, key, source, source_with};
use crate::support::client::gzip;
use crate::support::events::{bot_registered, lines};

/// A connection that sends what it is told to and nothing else.
struct Sender(TcpStream);

impl Sender {
    /// Sends the head of a request, and no body yet.
    fn post(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Self {
        let address = app.client.url("").replace("http://", "");
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all((head + "\r\n").as_bytes()).unwrap();
        Sender(stream)
    }

    fn lines(app: &TestApp, length: usize) -> Self {
        let length = length.to_string();
        let headers = [("Content-Type", "application/x-ndjson"), ("Content-Length", &length)];
        Self::post(app, "/v1/events", &headers)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// The answer, as far as it is known without sending more: status, head and body.
    fn answer(&mut self) -> (u16, String) {
        let mut answer = String::new();
        let mut bytes = [0; 4096];
        loop {
            match self.0.read(&mut bytes) {
                Ok(0) => break,
                Ok(count) => answer += &String::from_utf8_lossy(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => panic!("no answer: {error}"),
            }
            let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
            let length = head
                .to_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if length.is_some_and(|length| body.len() >= length) {
                break;
            }
        }
        let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        (
            status.unwrap_or_else(|| panic!("no HTTP: {answer:?}")).parse().unwrap(),
            answer,
        )
    }
}

fn code(answer: &str) -> String {
    let body: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    body["code"].as_str().unwrap().to_owned()
}

/// Waits until something holds; a server takes a moment to see what was sent.
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// A server whose budget is 4 MiB: bodies of at most 1 MiB, and 3 events in each.
fn small() -> TestApp {
    TestApp::with(|config| {
        config.limits.body_bytes = MIB;
        config.limits.inflated_bytes = MIB;
        config.limits.webhook_bytes = 64 * KIB;
        config.limits.batch_events = 3;
        config.limits.flight_bytes = 4 * MIB;
        config.sources = vec![source("messenger", &["secret"])];
    })
}

#[test]
fn the_budget_is_never_passed_and_what_cannot_fit_is_refused_unread() {
    let app = small();
    assert_eq!(app.flight().limit(), 4 * MIB);
    // Three bodies of nearly a mebibyte lie half sent: with their room they hold 3 MiB.
    let mut begun: Vec<Sender> = (0..3).map(|_| Sender::lines(&app, MIB)).collect();
    for sender in &mut begun {
        sender.send(&vec![b' '; MIB - 1]);
    }
    eventually("three bodies are held", || app.flight().held() == 3 * MIB);
    // A fourth is refused by its promise alone; nothing of it has come.
    let (status, answer) = Sender::lines(&app, MIB).answer();
    assert_eq!((status, code(&answer).as_str()), (503, "busy"), "{answer}");
    assert!(answer.to_lowercase().contains("retry-after: 1"), "{answer}");
    // Without a promise it is refused as soon as it is too much.
    let chunked = [
        ("Content-Type", "application/x-ndjson"),
        ("Transfer-Encoding", "chunked"),
    ];
    let mut sender = Sender::post(&app, "/v1/events", &chunked);
    sender.send(format!("{MIB:x}\r\n").as_bytes());
    drop(sender.0.write_all(&vec![b' '; MIB]));
    assert_eq!(sender.answer().0, 503);
    // A small one still passes: the last eighth is kept for it.
    assert_eq!(app.client.post_events(&lines(&[bot_registered("b1")])).accepted, 1);
    // Whoever goes away gives back what it held.
    drop(begun);
    eventually("everything is given back", || app.flight().held() == 0);
    let many = vec![b' '; MIB];
    let headers = [("content-type", "application/x-ndjson")];
    app.client.post("/v1/events", &headers, &many).expect_status(200);
    assert!(app.flight().most() <= app.flight().limit(), "{}", app.flight().most());
    eventually("everything is given back", || app.flight().held() == 0);
}

#[test]
fn what_is_promised_and_not_sent_holds_nothing() {
    let app = small();
    // Forty mebibytes are promised, ten times the budget, and a little of each has come.
    let mut begun: Vec<Sender> = (0..40).map(|_| Sender::lines(&app, MIB)).collect();
    for sender in &mut begun {
        sender.send(b" \n");
    }
    eventually("forty bodies are begun", || app.flight().held() == 40 * 64 * KIB);
    assert_eq!(app.client.post_events(&lines(&[bot_registered("b1")])).accepted, 1);
    drop(begun);
    eventually("everything is given back", || app.flight().held() == 0);
}

#[test]
fn a_slow_sender_gives_way_when_more_than_half_of_the_budget_is_taken() {
    let app = TestApp::with(|config| {
        config.limits.body_bytes = MIB;
        config.limits.inflated_bytes = MIB;
        config.limits.webhook_bytes = 64 * KIB;
        config.limits.batch_events = 3;
        config.limits.flight_bytes = 4 * MIB;
        config.limits.body_seconds = 10;
    });
    // The largest body has 10 seconds, so 102 KiB have to come in each.
    let mut slow = Sender::lines(&app, MIB);
    slow.send(&vec![b' '; 100 * KIB]);
    let mut others: Vec<Sender> = (0..2).map(|_| Sender::lines(&app, MIB)).collect();
    for sender in &mut others {
        sender.send(&vec![b' '; MIB - 1]);
    }
    let begun = Instant::now();
    let (status, answer) = slow.answer();
    assert_eq!((status, code(&answer).as_str()), (503, "busy"));
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "before its 10 seconds are over"
    );
    eventually("who kept up stays", || app.flight().held() == 2 * MIB);
    drop(others);
}

#[test]
fn inflated_and_parsed_bytes_count_too() {
    let app = TestApp::with(|config| {
        config.limits.body_bytes = 64 * KIB;
        config.limits.inflated_bytes = 2 * MIB;
        config.limits.batch_events = 500;
        config.limits.webhook_bytes = KIB;
        config.limits.flight_bytes = MIB;
    });
    // The largest body with the most events needs 3 x 2 MiB and 500 x 2 KiB, so that is the budget.
    assert_eq!(app.flight().limit(), 6 * MIB + 500 * 2 * KIB);
    let events: Vec<_> = (0..500).map(|n| bot_registered(&format!("b{n}"))).collect();
    let mut text = lines(&events);
    text.push('\n');
    text.push_str(&" ".repeat(2 * MIB - text.len()));
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    let packed = gzip(text.as_bytes());
    assert!(packed.len() < 64 * KIB);
    let answer = app
        .client
        .post("/v1/events", &headers, &packed)
        .expect_status(200)
        .json();
    assert_eq!(answer["accepted"], 500);
    let most = app.flight().most();
    assert_eq!(most, app.flight().limit(), "body, texts twice, and events");
    eventually("everything is given back", || app.flight().held() == 0);
    // Beside somebody else's bytes it does not fit, and says so.
    let mut other = Sender::lines(&app, 64 * KIB);
    other.send(b" ");
    eventually("another body is begun", || app.flight().held() > 0);
    app.client.post("/v1/events", &headers, &packed).problem(503, "busy");
    drop(other);
    eventually("everything is given back", || app.flight().held() == 0);
}

#[test]
fn every_address_that_reads_a_body_keeps_to_the_budget() {
    let app = small();
    let mut begun: Vec<Sender> = (0..3).map(|_| Sender::lines(&app, MIB)).collect();
    for sender in &mut begun {
        sender.send(&vec![b' '; MIB - 1]);
    }
    eventually("three bodies are held", || app.flight().held() == 3 * MIB);
    let length = MIB.to_string();
    for (path, kind) in [
        ("/v1/events", "application/json"),
        ("/v1/events", "application/cloudevents-batch+json"),
        ("/v1/batch", "application/json"),
        ("/v1/track", "application/json"),
        ("/v1/fx", "text/csv"),
        ("/v1/annotations", "application/json"),
    ] {
        let headers = [("Content-Type", kind), ("Content-Length", length.as_str())];
        let (status, answer) = Sender::post(&app, path, &headers).answer();
        assert_eq!((status, code(&answer).as_str()), (503, "busy"), "{path} {kind}");
    }
}

#[test]
fn webhooks_share_a_quarter_until_their_signatures_are_known() {
    let app = small();
    let headers = [
        ("Content-Type", "application/json"),
        ("X-Hub-Signature-256", "sha256=00"),
        ("Content-Length", "65536"),
    ];
    // Sixteen bodies of 64 KiB are the quarter; more are refused unread.
    let begin = || Sender::post(&app, "/v1/webhooks/messenger/main", &headers);
    let begun: Vec<Sender> = (0..16).map(|_| begin()).collect();
    eventually("sixteen are begun", || app.flight().held() == MIB);
    let (status, answer) = begin().answer();
    assert_eq!((status, code(&answer).as_str()), (503, "busy"));
    // Holders of a key do not notice.
    let spaces = vec![b' '; 256 * KIB];
    let sent = [("content-type", "application/x-ndjson")];
    app.client.post("/v1/events", &sent, &spaces).expect_status(200);
    drop(begun);
    eventually("everything is given back", || app.flight().held() == 0);
}

#[test]
fn a_webhook_has_at_most_a_mebibyte() {
    let app = TestApp::with(|config| config.sources = vec![source("messenger", &["secret"])]);
    let post = |length: usize| {
        let headers = [
            ("content-type", "application/json"),
            ("x-hub-signature-256", "sha256=00"),
        ];
        app.client
            .post("/v1/webhooks/messenger/main", &headers, &vec![b' '; length])
    };
    post(MIB).problem(401, "forged");
    let headers = [("X-Hub-Signature-256", "sha256=00"), ("Content-Length", "1048577")];
    let (status, answer) = Sender::post(&app, "/v1/webhooks/messenger/main", &headers).answer();
    assert_eq!((status, code(&answer).as_str()), (413, "body_too_large"));
    let headers = [("X-Hub-Signature-256", "sha256=00"), ("Transfer-Encoding", "chunked")];
    let mut sender = Sender::post(&app, "/v1/webhooks/messenger/main", &headers);
    sender.send(format!("{:x}\r\n", MIB + 1).as_bytes());
    drop(sender.0.write_all(&vec![b' '; MIB + 1]));
    assert_eq!(sender.answer().0, 413);
}

#[test]
fn what_shows_by_its_headers_to_be_forged_is_refused_unread_and_counted() {
    let app = TestApp::with(|config| {
        config.keys = vec![key("bl_test")];
        config.sources = vec![
            source("messenger", &["secret"]),
            source("stripe", &["secret"]),
            source_with("telegram", "secrets = [\"secret\"]"),
            source_with("paypal", "webhook_ids = [\"8PT597110X687430LKGECATA\"]"),
        ];
        config.sources[2].bot_id = Some("700".into());
    });
    let refused = |path: &str, header: Option<(&str, &str)>| {
        // The body is announced, a part of it is there, and the rest never comes.
        let all = [("Content-Type", "application/json"), ("Content-Length", "1000000")];
        let headers: Vec<(&str, &str)> = all.into_iter().chain(header).collect();
        let mut sender = Sender::post(&app, path, &headers);
        sender.send(b"{\"object\":");
        let (status, answer) = sender.answer();
        assert_eq!(status, 401, "{path}: {answer}");
        code(&answer)
    };
    for (provider, header) in [
        ("messenger", None),
        ("messenger", Some(("X-Hub-Signature-256", "sha1=00"))),
        ("stripe", None),
        ("stripe", Some(("Stripe-Signature", "v1=00"))),
        ("stripe", Some(("Stripe-Signature", "t=1767225600"))),
        ("telegram", None),
        ("telegram", Some(("X-Telegram-Bot-Api-Secret-Token", "a guess"))),
        ("paypal", None),
        ("paypal", Some(("PayPal-Transmission-Id", "1"))),
    ] {
        assert_eq!(refused(&format!("/v1/webhooks/{provider}/main"), header), "forged");
    }
    for path in ["/v1/events", "/v1/batch", "/v1/fx", "/v1/annotations"] {
        assert_eq!(refused(path, None), "unauthorized");
        assert_eq!(refused(path, Some(("Authorization", "Bearer a guess"))), "unauthorized");
    }
    assert_eq!(app.flight().most(), 0, "nothing of any of them was read");
    let sources = app.client.with_key("bl_test").get_json("/v1/sources");
    let forged = |name: &str| {
        let all = sources["sources"].as_array().unwrap();
        let found = all.iter().find(|source| source.to_string().contains(name)).unwrap();
        found["forged"].as_u64().unwrap()
    };
    for (name, count) in [("messenger", 2), ("stripe", 3), ("telegram", 2), ("paypal", 2)] {
        assert_eq!(forged(&format!("/webhooks/{name}/main")), count, "{sources}");
    }
}

#[test]
fn the_queue_to_the_writer_is_bounded_by_bytes() {
    let app = TestApp::with(|config| {
        config.limits.queue_bytes = MIB;
    });
    // Each event carries a kilobyte; 600 of them are more than half of the queue.
    let batch = |nth: usize| {
        let name = "n".repeat(250);
        let event = |n: usize| {
            json!({"specversion": "1.0", "id": format!("{nth}-{n}"), "source": "/s", "type": "bot.registered",
                   "time": "2016-09-12T09:00:00Z",
                   "data": {"platform": "web", "bot_id": format!("{name}{n}"), "name": name, "category": name,
                            "developer_id": name}})
        };
        let lines: Vec<String> = (0..600).map(|n| event(n).to_string()).collect();
        lines.join("\n")
    };
    let bodies: Vec<String> = (0..24).map(batch).collect();
    let headers = [("content-type", "application/x-ndjson")];
    let statuses: Vec<(u16, bool)> = std::thread::scope(|scope| {
        let senders: Vec<_> = bodies
            .iter()
            .map(|body| {
                let client = app.client.clone();
                scope.spawn(move || {
                    let reply = client.post("/v1/events", &headers, body.as_bytes());
                    (reply.status, reply.header("retry-after") == "1")
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let refused = statuses.iter().filter(|told| **told == (503, true)).count();
    let stored = statuses.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(refused + stored, 24, "{statuses:?}");
    assert!(refused > 0 && stored > 0, "{statuses:?}");
    eventually("the queue is empty", || app.store().queued_bytes() == 0);
    // What is refused is taken when it is sent again.
    let (nth, _) = statuses.iter().enumerate().find(|(_, told)| told.0 == 503).unwrap();
    assert_eq!(app.client.post_events(&bodies[nth]).accepted, 600);
}

#[test]
fn a_batch_larger_than_the_whole_queue_goes_when_nothing_else_waits() {
    let app = TestApp::with(|config| config.limits.queue_bytes = 1);
    for nth in 0..2 {
        let events: Vec<_> = (0..100).map(|n| bot_registered(&format!("{nth}-{n}"))).collect();
        assert_eq!(app.client.post_events(&lines(&events)).accepted, 100);
    }
}

#[test]
fn connections_are_counted_for_the_whole_process() {
    // One connection for each worker at least; of a bound of one each, no more than there are workers are served at once.
    let app = TestApp::with(|config| config.limits.connections = 1);
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    let open: Vec<Sender> = (0..workers + 4).map(|_| Sender::lines(&app, 10)).collect();
    eventually("each worker has one", || app.flight().held() == workers * 10);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(app.flight().held(), workers * 10, "the others wait");
    for mut sender in open {
        sender.send(b"         \n");
        assert_eq!(sender.answer().0, 200);
        sender.0.shutdown(Shutdown::Both).unwrap();
    }
}
