//! Documents that verifying takes are fetched within limits, from nowhere else, and kept.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use botledger::ingest::webhooks::documents::{Documents, Limits};
use chrono::{DateTime, TimeDelta, Utc};

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
        known if known.starts_with("/good-") => send("200 OK", b"a certificate"),
        "/other" => send("200 OK", b"a page"),
        "/then-a-page" if n > 0 => send("200 OK", b"a page"),
        "/then-a-page" => send("200 OK", b"a certificate"),
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

/// Documents that are kept in a folder while they are certificates.
fn keeping(folder: &std::path::Path, at: DateTime<Utc>) -> Documents {
    let judge = |_: &str, document: &[u8], at: DateTime<Utc>| {
        document == b"a certificate" && at < instant(PRESENT) + TimeDelta::days(30)
    };
    documents().keeping(folder, Box::new(judge), at)
}

#[test]
fn a_thousand_forged_requests_cost_twenty_fetches_and_what_is_known_is_served_meanwhile() {
    let (host, folder) = (Host::start(), tempfile::tempdir().unwrap());
    let documents = keeping(folder.path(), instant(PRESENT));
    let now = instant(PRESENT);
    documents.fetch(&host.url("/good"), now).unwrap();
    // A day later, when what is known is to be fetched again.
    let now = now + TimeDelta::days(1);
    for n in 0..1_000 {
        let forged = match n % 4 {
            0 => host.url("/other"),
            _ => host.url(&format!("/missing-{n}")),
        };
        drop(documents.fetch(&forged, now));
        if n % 100 == 99 {
            assert_eq!(*documents.fetch(&host.url("/good"), now).unwrap(), b"a certificate");
        }
    }
    // The first, twenty for the strangers, and the known one once more.
    assert_eq!(host.asked(), 22);
    assert!(
        documents.fetch(&host.url("/good-new"), now).is_err(),
        "what is not known has no budget now"
    );
    let later = now + TimeDelta::minutes(1);
    assert!(documents.fetch(&host.url("/good-new"), later).is_ok());
}

#[test]
fn one_address_is_fetched_three_times_within_a_minute() {
    let (host, documents) = (Host::start(), documents());
    for _ in 0..10 {
        assert!(documents.fetch(&host.url("/missing"), instant(PRESENT)).is_err());
    }
    assert_eq!(host.asked(), 3);
}

#[test]
fn what_is_good_outlives_a_restart_and_nothing_else_does() {
    let (host, folder) = (Host::start(), tempfile::tempdir().unwrap());
    let kept = folder.path().join("certificates");
    let now = instant(PRESENT);
    let documents = keeping(&kept, now);
    documents.fetch(&host.url("/good"), now).unwrap();
    assert_eq!(*documents.fetch(&host.url("/other"), now).unwrap(), b"a page");
    assert_eq!(host.asked(), 2);
    let files = || std::fs::read_dir(&kept).unwrap().count();
    assert_eq!(files(), 1, "a page is no certificate");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = std::fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    assert_eq!((mode(&kept), mode(&file)), (0o700, 0o600));

    // Whatever strangers do, it is there at once after a restart.
    let documents = keeping(&kept, now);
    for n in 0..30 {
        drop(documents.fetch(&host.url(&format!("/missing-{n}")), now));
    }
    assert_eq!(*documents.fetch(&host.url("/good"), now).unwrap(), b"a certificate");
    assert_eq!(host.asked(), 22);
    // A day later it is fetched again.
    documents.fetch(&host.url("/good"), now + TimeDelta::days(1)).unwrap();
    assert_eq!(host.asked(), 23);
    // When it is good no more, it goes from the disk.
    keeping(&kept, now + TimeDelta::days(31));
    assert_eq!(files(), 0);
}

#[test]
fn what_somebody_put_in_the_folder_is_not_believed() {
    let (host, folder) = (Host::start(), tempfile::tempdir().unwrap());
    let now = instant(PRESENT);
    keeping(folder.path(), now).fetch(&host.url("/good"), now).unwrap();
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = std::fs::read_to_string(&file).unwrap();
    for (name, text) in [
        ("another-name.pem", text.clone()),
        ("garbage.pem", "\u{0}".repeat(100)),
        ("large.pem", format!("{text}{}", " ".repeat(1 << 20))),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    keeping(folder.path(), now);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    std::fs::write(&file, text.replace("a certificate", "a forgery")).unwrap();
    let documents = keeping(folder.path(), now);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(*documents.fetch(&host.url("/good"), now).unwrap(), b"a certificate");
}

#[test]
fn no_more_than_sixty_four_are_kept() {
    let (host, folder) = (Host::start(), tempfile::tempdir().unwrap());
    let now = instant(PRESENT);
    let documents = keeping(folder.path(), now);
    for n in 0..70 {
        documents
            .fetch(&host.url(&format!("/good-{n}")), now + TimeDelta::minutes(n))
            .unwrap();
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 64);
    documents
        .fetch(&host.url("/good-69"), now + TimeDelta::minutes(70))
        .unwrap();
    assert_eq!(host.asked(), 70, "the latest are kept");
}

#[test]
fn what_is_there_now_takes_the_place_of_a_good_one_only_if_it_is_good_too() {
    let (host, folder) = (Host::start(), tempfile::tempdir().unwrap());
    let now = instant(PRESENT);
    let documents = keeping(folder.path(), now);
    // The host answers with a certificate first, then with a page.
    documents.fetch(&host.url("/then-a-page"), now).unwrap();
    let later = documents
        .fetch(&host.url("/then-a-page"), now + TimeDelta::days(2))
        .unwrap();
    assert_eq!((host.asked(), (*later).as_slice()), (2, b"a certificate".as_slice()));
}
