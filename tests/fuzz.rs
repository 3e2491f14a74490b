//! Requests that nobody would send, on every route of the real program: it never fails, never panics, and keeps all
//! that it has acknowledged.
//!
//! A minute long; `BOTLEDGER_FUZZ_SECONDS` says otherwise, `BOTLEDGER_FUZZ_SEED` gives another stream.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::any_question::Chance;
use crate::small;
use crate::support::app::PRESENT;
use crate::support::chance::stream;
use crate::support::client::{gzip, hmac, zstd};
use crate::support::ledger::Ledger;
use crate::support::program::{Served, botledger};
use crate::support::rust::collect;
use crate::support::{number, project};

const SECRET: &str = "whsec_of-the-fuzzed";

const SOURCES: &str = r#"
[limits]
query_seconds = 600

[[sources]]
provider = "stripe"
name = "main"
secrets = ["whsec_of-the-fuzzed"]

[[sources]]
provider = "messenger"
name = "main"
secrets = ["whsec_of-the-fuzzed"]
verify_token = "open sesame"

[[sources]]
provider = "telegram"
name = "main"
secrets = ["whsec_of-the-fuzzed"]
bot_id = "700"

[[sources]]
provider = "paypal"
name = "main"
webhook_ids = ["8PT597110X687430LKGECATA"]

[[sources]]
provider = "braintree"
name = "main"
key_pairs = [{ public_key = "a key", private_key = "whsec_of-the-fuzzed" }]
"#;

/// Every address that takes bodies, beside those of questions.
const SENDING: &[&str] = &[
    "/v1/events",
    "/v1/batch",
    "/v1/import",
    "/v1/track",
    "/v1/identify",
    "/v1/fx",
    "/v1/annotations",
    "/v1/annotations/one",
    "/v1/quarantine",
    "/v1/quarantine/payment-0123456789abcdef",
    "/v1/quarantine/payment-0123456789abcdef/retry",
    "/v1/webhooks/stripe/main",
    "/v1/webhooks/messenger/main",
    "/v1/webhooks/telegram/main",
    "/v1/webhooks/paypal/main",
    "/v1/webhooks/braintree/main",
];

const METHODS: &[&str] = &["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"];

const TYPES: &[&str] = &[
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json",
    "application/x-ndjson",
    "text/csv",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
];

/// What is put into the middle of bodies.
const PIECES: &[&str] = &[
    "null",
    "-0",
    "1e999",
    "99999999999999999999999999999999",
    "0.1e-400",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "{\"a\":",
    "[[[[[[[[[[[[[[[[[[[[[[",
    "}",
    "\n",
    "\u{feff}",
    "undefined",
    "[object Object]",
    "9999-12-31T23:59:59Z",
    "+262142-12-31",
    "@@@@@@@@@@@@@@@@@@@@@@@@@",
    "%40%2540%",
    "4111 1111 1111 1111",
    "<!DOCTYPE x [<!ENTITY y \"z\">]>",
    "'; drop table events; --",
];

/// One request as it goes over the wire.
struct Fuzzed {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Bodies that are right, by the address they belong to.
fn right_bodies() -> BTreeMap<&'static str, Vec<Vec<u8>>> {
    let lines = small::sample();
    let one = |line: &str| line.as_bytes().to_vec();
    let at = chrono::Utc::now().timestamp();
    let call = json!({"type": "track", "event": "Order Completed", "messageId": "m1", "userId": "u1",
        "timestamp": "2016-09-12T10:00:00Z", "properties": {"bot_id": "shop", "order_id": "o1", "total": 5.25, "currency": "USD"}});
    let charge = json!({"id": "ch_1", "object": "charge", "amount": 2962, "amount_captured": 2962, "amount_refunded": 0,
        "captured": true, "created": at, "currency": "usd", "livemode": true, "metadata": {"conversation_id": "c1"},
        "paid": true, "payment_intent": "pi_1", "status": "succeeded",
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "network": "visa", "wallet": null}}});
    let notice = json!({"id": "evt_1", "object": "event", "api_version": "2026-10-01", "created": at, "livemode": true,
        "type": "charge.succeeded", "data": {"object": charge}});
    let page = json!({"object": "page", "entry": [{"id": "page1", "time": at * 1000, "messaging": [{
        "sender": {"id": "user1"}, "recipient": {"id": "page1"}, "timestamp": at * 1000,
        "message": {"mid": "mid.1", "text": "hello"}}]}]});
    let update = json!({"update_id": 7, "message": {"message_id": 7, "date": at,
        "from": {"id": 42, "is_bot": false, "first_name": "Ada"}, "chat": {"id": 42, "type": "private"}, "text": "/start ad"}});
    let json = |value: &Value| value.to_string().into_bytes();
    let events: Vec<_> = lines.lines().map(one).chain([one(&lines)]).collect();
    let calls = vec![json(&call), json(&json!({"batch": [call, call], "sentAt": PRESENT}))];
    BTreeMap::from([
        ("/v1/events", events),
        ("/v1/batch", calls.clone()),
        ("/v1/import", calls.clone()),
        ("/v1/track", calls.clone()),
        ("/v1/identify", calls),
        (
            "/v1/fx",
            vec![one("Date, USD, JPY\n12 September 2016, 1.1226, 114.93\n")],
        ),
        (
            "/v1/annotations",
            vec![json(
                &json!({"time": "2016-09-12T00:00:00Z", "text": "payments in the thread"}),
            )],
        ),
        ("/v1/webhooks/stripe/main", vec![json(&notice)]),
        ("/v1/webhooks/messenger/main", vec![json(&page)]),
        ("/v1/webhooks/telegram/main", vec![json(&update)]),
        (
            "/v1/webhooks/paypal/main",
            vec![json(
                &json!({"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {}}),
            )],
        ),
        (
            "/v1/webhooks/braintree/main",
            vec![one("bt_signature=a%7Cb&bt_payload=PD94bWw%2BCg%3D%3D")],
        ),
    ])
}

/// Breaks a body in up to four places.
fn mutate(chance: &mut Chance, body: &mut Vec<u8>) {
    for _ in 0..chance.below(5) {
        let at = chance.below(body.len() + 1);
        let end = (at + chance.below(40)).min(body.len());
        match chance.below(6) {
            0 => body.truncate(at),
            1 => drop(body.drain(at..end)),
            2 => {
                let again = body[at..end].to_vec();
                body.splice(at..at, again);
            }
            3 => {
                let piece = chance.pick(PIECES);
                let times = [1, 1, 1, 200][chance.below(4)];
                body.splice(at..end, piece.repeat(times).into_bytes());
            }
            4 => body.splice(at..at, [chance.0.next_u64() as u8]).for_each(drop),
            _ => {
                if let Some(byte) = body.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
        }
    }
}

/// The header by which a provider proves that a body is its own; of three that can be given in Rust.
fn signature(target: &str, body: &[u8]) -> Option<(String, String)> {
    let now = chrono::Utc::now().timestamp();
    let (name, value) = match target {
        "/v1/webhooks/stripe/main" => {
            let signed = hmac(SECRET, &[format!("{now}.").as_bytes(), body]);
            ("stripe-signature", format!("t={now},v1={signed}"))
        }
        "/v1/webhooks/messenger/main" => ("x-hub-signature-256", format!("sha256={}", hmac(SECRET, &[body]))),
        "/v1/webhooks/telegram/main" => ("x-telegram-bot-api-secret-token", SECRET.to_owned()),
        _ => return None,
    };
    Some((name.to_owned(), value))
}

fn request(chance: &mut Chance, right: &BTreeMap<&'static str, Vec<Vec<u8>>>) -> Fuzzed {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    if chance.below(4) == 0 {
        let accept = chance.pick(&[
            "*/*",
            "text/html",
            "application/json;q=0.1",
            "image/png",
            "text/csv, x/y;q=nan",
            ";;",
        ]);
        return Fuzzed {
            method: if chance.below(8) == 0 {
                chance.pick(METHODS)
            } else {
                "GET"
            },
            target: chance.address(),
            headers: vec![
                header("accept", accept),
                header("accept-encoding", chance.pick(&["gzip", "br, zstd", "*;q=0", "x"])),
            ],
            body: Vec::new(),
        };
    }
    let target = chance.pick(SENDING);
    // Now and then what belongs to another address.
    let bodies = match chance.below(10) {
        0 => right.values().nth(chance.below(right.len())),
        _ => right.get(target),
    };
    let none = vec![Vec::new()];
    let bodies = bodies.unwrap_or(&none);
    let mut body = bodies[chance.below(bodies.len())].clone();
    mutate(chance, &mut body);
    let mut headers = vec![header("content-type", chance.pick(TYPES))];
    if chance.below(8) > 0 {
        headers.extend(signature(target, &body));
    }
    match chance.below(12) {
        0 => {
            (body, headers) = (
                gzip(&body),
                [headers, vec![header("content-encoding", "gzip")]].concat(),
            )
        }
        1 => {
            (body, headers) = (
                zstd(&body),
                [headers, vec![header("content-encoding", "zstd")]].concat(),
            )
        }
        2 => headers.push(header(
            "content-encoding",
            chance.pick(&["gzip", "zstd", "br", "gzip, gzip"]),
        )),
        3 => headers.push(header("ce-id", chance.pick(PIECES).lines().next().unwrap_or_default())),
        4 => headers.push(header("origin", "https://other.example")),
        _ => {}
    }
    let method = if chance.below(20) == 0 {
        chance.pick(METHODS)
    } else {
        "POST"
    };
    Fuzzed {
        method,
        target: target.to_owned(),
        headers,
        body,
    }
}

/// Sends a request and gives the status and the body of the answer; none where the connection ends without one.
fn send(address: &str, fuzzed: &Fuzzed, whole: bool) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(300))).unwrap();
    let length = fuzzed.body.len() + usize::from(!whole);
    let mut head = format!("{} {} HTTP/1.1\r\nhost: localhost\r\n", fuzzed.method, fuzzed.target);
    head.push_str(&format!("connection: close\r\ncontent-length: {length}\r\n"));
    for (name, value) in &fuzzed.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    // A server that has refused may close before it has read everything.
    drop(stream.write_all(&[head.as_bytes(), &fuzzed.body].concat()));
    if !whole {
        drop(stream.shutdown(Shutdown::Write));
    }
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let status = answer
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())?;
    let start = answer.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    Some((status, answer.split_off(start)))
}

/// Every address that the program serves is among those of the questions or [`SENDING`].
#[test]
fn every_route_is_fuzzed() {
    let asked: BTreeSet<String> = {
        let mut chance = Chance(stream(1));
        (0..3_000)
            .map(|_| chance.address().split('?').next().unwrap().to_owned())
            .collect()
    };
    let is_fuzzed = |route: &str| {
        let stem = route.split('{').next().unwrap();
        let fits = |target: &str| {
            if stem == route {
                target == route
            } else {
                target.starts_with(stem)
            }
        };
        SENDING.iter().any(|target| fits(target)) || asked.iter().any(|target| fits(target))
    };
    let (mut routes, mut files) = (0, Vec::new());
    collect(&project("src"), "rs", &mut files);
    for file in files {
        for found in std::fs::read_to_string(file).unwrap().split("web::resource(\"").skip(1) {
            let route = found.split('"').next().unwrap();
            assert!(is_fuzzed(route), "nothing is sent to {route}");
            routes += 1;
        }
    }
    assert!(routes >= 14, "{routes} routes were found");
}

#[test]
fn nothing_that_is_sent_can_stop_it() {
    let (seconds, seed) = (number("BOTLEDGER_FUZZ_SECONDS", 60), number("BOTLEDGER_FUZZ_SEED", 10));
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("botledger.toml"), SOURCES).unwrap();
    let mut command = botledger(&["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
    command.arg(at("data")).arg("--config").arg(at("botledger.toml"));
    command.stderr(File::create(at("log")).unwrap());
    let served = Served::spawn(command);
    let address = served.client.url("").trim_start_matches("http://").to_owned();
    let right = right_bodies();
    let (sent, acknowledged) = (AtomicU64::new(0), AtomicU64::new(0));
    let statuses: Mutex<BTreeMap<u16, u64>> = Mutex::default();
    let end = Instant::now() + Duration::from_secs(seconds);
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (sent, acknowledged, statuses, right, address) = (&sent, &acknowledged, &statuses, &right, &address);
            scope.spawn(move || {
                let mut chance = Chance(ChaCha8Rng::seed_from_u64(seed + thread));
                while Instant::now() < end {
                    let fuzzed = request(&mut chance, right);
                    let answer = send(address, &fuzzed, chance.below(50) > 0);
                    sent.fetch_add(1, Ordering::Relaxed);
                    let Some((status, body)) = answer else { continue };
                    *statuses.lock().unwrap().entry(status).or_default() += 1;
                    let shown = String::from_utf8_lossy(&body);
                    assert!(
                        status < 500 || status == 503,
                        "seed {seed}: {status} for {} {}: {shown}\n{:?}\n{}",
                        fuzzed.method,
                        fuzzed.target,
                        fuzzed.headers,
                        String::from_utf8_lossy(&fuzzed.body),
                    );
                    let counts: Value = serde_json::from_slice(&body).unwrap_or_default();
                    if fuzzed.method == "POST" && !fuzzed.target.starts_with("/v1/fx") {
                        acknowledged.fetch_add(counts["accepted"].as_u64().unwrap_or(0), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let (sent, acknowledged) = (sent.into_inner(), acknowledged.into_inner());
    println!(
        "seed {seed}: {sent} requests, {acknowledged} events acknowledged, answers {:?}",
        statuses.into_inner().unwrap()
    );
    served.client.get("/readyz").expect_status(200);
    let jobs = served.client.get_json("/v1/jobs");
    for job in jobs["jobs"].as_array().unwrap() {
        assert!(job["last_error"].is_null(), "{job}");
    }
    served.client.get("/").expect_status(200);
    assert!(served.terminate().success());
    let log = std::fs::read_to_string(at("log")).unwrap();
    assert!(!log.contains("panic"), "seed {seed}: {log}");
    let kept = Ledger::open(&at("data")).number("select count(*) from events") as u64;
    assert!(
        kept >= acknowledged && acknowledged > 0,
        "{acknowledged} were acknowledged, {kept} are kept"
    );
    assert!(sent > 10 * seconds, "only {sent} requests in {seconds} s");
}
