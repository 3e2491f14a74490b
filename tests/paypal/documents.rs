//! Documents that verifying takes are fetched within limits, from nowhere else, and kept.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use botledger::ingest::webhooks::documents::{Documents, Limits};
use chrono::TimeDelta;

use crate::support::app::{PRESENT, instant};

/// A server that answers every path in its own way and counts what it is asked.
struct Host {
    address: String,
    asked: Arc<AtomicUsize>,
}

impl Host {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        // It ends with the test's process.
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let n = count.fetch_add(1, Ordering::SeqCst);
                std::thread::spawn(move || answer(connection, n));
            }
        });
        Host { address, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(mut connection: TcpStream, n: usize) {
    let mut request = [0; 2048];
    let read = connection.read(&mut request).unwrap_or(0);
    let request = String::from_utf8_lossy(&request[..read]).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut send = |head: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = connection.write_all(head.as_bytes());
        let _ = connection.write_all(body);
    };
    match path.as_str() {
        "/good" => send("200 OK", b"a certificate"),
        "/once" if n == 0 => send("200 OK", b"a certificate"),
        "/late" if n > 0 => send("200 OK", b"a certificate"),
        "/moved" => send("302 Found\r\nlocation: /good", b""),
        "/full" => send("200 OK", &[b'x'; 1_000]),
        "/large" => send("200 OK", &[b'x'; 1_001]),
        "/slow" => std::thread::sleep(Duration::from_secs(20)),
        _ => send("404 Not Found", b"nothing here"),
    }
}

fn documents() -> Documents {
    Documents::new(Limits {
        bytes: 1_000,
        time: Duration::from_millis(700),
        https_only: false,
    })
}

#[test]
fn a_document_is_fetched_once_and_kept_for_a_day() {
    let (host, documents) = (Host::start(), documents());
    let now = instant(PRESENT);
    for _ in 0..3 {
        assert_eq!(*documents.fetch(&host.url("/good"), now).unwrap(), b"a certificate");
    }
    assert_eq!(host.asked(), 1);
    documents
        .fetch(&host.url("/good"), now + TimeDelta::hours(24) - TimeDelta::seconds(1))
        .unwrap();
    assert_eq!(host.asked(), 1);
    documents.fetch(&host.url("/good"), now + TimeDelta::hours(24)).unwrap();
    assert_eq!(host.asked(), 2);
}

#[test]
fn many_who_want_the_same_wait_for_one_fetch() {
    let (host, documents) = (Host::start(), documents());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| documents.fetch(&host.url("/good"), instant(PRESENT)).unwrap());
        }
    });
    assert_eq!(host.asked(), 1);
}

#[test]
fn a_redirect_is_not_followed() {
    let (host, documents) = (Host::start(), documents());
    assert!(documents.fetch(&host.url("/moved"), instant(PRESENT)).is_err());
    assert_eq!(host.asked(), 1);
}

#[test]
fn a_document_of_the_limit_is_taken_and_a_byte_more_refused() {
    let (host, documents) = (Host::start(), documents());
    assert_eq!(
        documents.fetch(&host.url("/full"), instant(PRESENT)).unwrap().len(),
        1_000
    );
    let refused = documents.fetch(&host.url("/large"), instant(PRESENT)).unwrap_err();
    assert!(refused.contains("more than 1000 bytes"), "{refused}");
}

#[test]
fn a_slow_host_is_given_up() {
    let (host, documents) = (Host::start(), documents());
    let started = Instant::now();
    assert!(documents.fetch(&host.url("/slow"), instant(PRESENT)).is_err());
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn a_failure_is_not_kept() {
    let (host, documents) = (Host::start(), documents());
    assert!(documents.fetch(&host.url("/late"), instant(PRESENT)).is_err());
    assert!(documents.fetch(&host.url("/late"), instant(PRESENT)).is_ok());
}

#[test]
fn a_kept_document_outlives_its_day_while_it_cannot_be_had_again() {
    let (host, documents) = (Host::start(), documents());
    let now = instant(PRESENT);
    documents.fetch(&host.url("/once"), now).unwrap();
    let later = documents.fetch(&host.url("/once"), now + TimeDelta::days(3)).unwrap();
    assert_eq!((*later).as_slice(), b"a certificate");
    assert_eq!(host.asked(), 2);
}

#[test]
fn after_twenty_failures_within_a_minute_none_is_tried_until_it_is_over() {
    let (host, documents) = (Host::start(), documents());
    let now = instant(PRESENT);
    for n in 0..30 {
        assert!(documents.fetch(&host.url(&format!("/missing-{n}")), now).is_err());
    }
    assert_eq!(host.asked(), 20);
    assert!(
        documents
            .fetch(&host.url("/good"), now + TimeDelta::seconds(59))
            .is_err()
    );
    assert!(
        documents
            .fetch(&host.url("/good"), now + TimeDelta::seconds(60))
            .is_ok()
    );
    assert_eq!(host.asked(), 21);
}

#[test]
fn plain_connections_are_refused_where_it_counts() {
    let host = Host::start();
    assert!(
        Documents::default()
            .fetch(&host.url("/good"), instant(PRESENT))
            .is_err()
    );
    assert_eq!(host.asked(), 0);
}
