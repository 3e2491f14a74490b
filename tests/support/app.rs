//! The real application in this process, on a free port, with a clock that the test sets.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use botledger::app::Application;
use botledger::config::{Config, Key, Source};
use botledger::http::flight::Flight;
use botledger::ingest::privacy::pseudonym::KEY_FILE;
use botledger::model::Clock;
use botledger::store::{Accept, Store};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::client::Client;

/// The present of a test that sets no other: every day of the sample and of generated data is long over.
pub const PRESENT: &str = "2026-01-01T00:00:00Z";

/// A clock that stands still until it is set.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn at(time: &str) -> Self {
        let clock = TestClock(Arc::new(AtomicI64::new(0)));
        clock.set(time);
        clock
    }

    pub fn set(&self, time: &str) {
        self.0.store(instant(time).timestamp_micros(), Ordering::SeqCst);
    }

    pub fn advance(&self, duration: chrono::TimeDelta) {
        self.0.fetch_add(duration.num_microseconds().unwrap(), Ordering::SeqCst);
    }

    pub fn clock(&self) -> Clock {
        let micros = self.0.clone();
        Arc::new(move || DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap())
    }
}

pub fn instant(time: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(time).unwrap().with_timezone(&Utc)
}

/// The configuration of a test: loopback, a free port, a modest database.
pub fn config(data_dir: &Path) -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        data_dir: data_dir.to_owned(),
        memory_mib: 512,
        threads: 2,
        shutdown_seconds: 5,
        ..Config::default()
    }
}

/// A configured key.
pub fn key(secret: &str) -> Key {
    Key {
        name: "test".into(),
        sha256: hex::encode(Sha256::digest(secret)),
    }
}

/// A configured webhook named `main`, with its provider's own settings in TOML.
pub fn source_with(provider: &str, settings: &str) -> Source {
    Source {
        provider: provider.into(),
        name: "main".into(),
        settings: toml::from_str(settings).unwrap(),
        ..Source::default()
    }
}

/// A configured webhook whose deliveries are signed with any of these secrets.
pub fn source(provider: &str, secrets: &[&str]) -> Source {
    let more = if provider == "messenger" {
        "verify_token = \"open sesame\""
    } else {
        ""
    };
    source_with(provider, &format!("secrets = {secrets:?}\n{more}"))
}

struct Running {
    handle: ServerHandle,
    store: Store,
    flight: Arc<Flight>,
    thread: JoinHandle<()>,
}

/// A started application. It stops when it is dropped.
pub struct TestApp {
    pub clock: TestClock,
    pub client: Client,
    pub config: Config,
    folder: Option<TempDir>,
    running: Option<Running>,
}

impl TestApp {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// Starts on a fresh folder with a changed configuration.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // One key for all, so that the same person has the same pseudonym in every ledger of a test.
        std::fs::write(folder.path().join(KEY_FILE), "5e".repeat(32)).unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let clock = TestClock::at(PRESENT);
        // A key alone is what a lost ledger leaves, too.
        let accept = Accept {
            loss: true,
            ..Accept::default()
        };
        let (client, running) = launch(&config, accept, &clock);
        let mut app = Self::running(config, clock, client, running);
        app.folder = Some(folder);
        app
    }

    /// Starts on a folder that the caller keeps.
    pub fn on(config: Config) -> Self {
        Self::at(config, PRESENT)
    }

    /// Starts on a folder that the caller keeps, at a time that is not before what is stored there.
    pub fn at(config: Config, time: &str) -> Self {
        let clock = TestClock::at(time);
        let (client, running) = launch(&config, Accept::default(), &clock);
        Self::running(config, clock, client, running)
    }

    fn running(config: Config, clock: TestClock, client: Client, running: Running) -> Self {
        TestApp {
            clock,
            client,
            config,
            folder: None,
            running: Some(running),
        }
    }

    pub fn store(&self) -> &Store {
        &self.running.as_ref().unwrap().store
    }

    /// The budget of what requests hold of their bodies.
    pub fn flight(&self) -> &Flight {
        &self.running.as_ref().unwrap().flight
    }

    /// Waits until everything committed is folded into facts.
    pub fn wait_folded(&self) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while self.store().folded_to() < *self.store().committed().borrow() {
            assert!(
                Instant::now() < deadline,
                "the fold does not come to an end: {:?}",
                self.store().jobs()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops gracefully and lets go of the database file.
    pub fn stop(&mut self) {
        let Some(running) = self.running.take() else { return };
        let Running {
            handle, store, thread, ..
        } = running;
        drop(store);
        actix_web::rt::System::new().block_on(handle.stop(true));
        thread.join().unwrap();
        await_release(&self.config.data_dir);
    }

    /// Stops and starts again on the same folder.
    pub fn restart(&mut self) {
        self.stop();
        let (client, running) = launch(&self.config, Accept::default(), &self.clock);
        self.client = client;
        self.running = Some(running);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // After a failed test a second panic would hide the first.
        if !std::thread::panicking() {
            self.stop();
        }
    }
}

fn launch(config: &Config, accept: Accept, clock: &TestClock) -> (Client, Running) {
    let (tell, told) = mpsc::channel();
    let (config, clock) = (config.clone(), clock.clock());
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let application = Application::build_accepting(config, accept, clock).unwrap();
            let parts = (
                application.address(),
                application.handle(),
                application.store(),
                application.flight(),
            );
            tell.send(parts).unwrap();
            application.run().await.unwrap();
        });
    });
    let (address, handle, store, flight) = told.recv().expect("the application did not start");
    let client = Client::new(format!("http://{address}"));
    let running = Running {
        handle,
        store,
        flight,
        thread,
    };
    (client, running)
}

/// Waits until this process has closed the database: two instances on one file would not see each other.
fn await_release(data_dir: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let is_open = || {
        let descriptors = std::fs::read_dir("/proc/self/fd").unwrap();
        let mut targets = descriptors
            .flatten()
            .filter_map(|entry| std::fs::read_link(entry.path()).ok());
        targets.any(|target| target.starts_with(data_dir))
    };
    while is_open() {
        assert!(
            Instant::now() < deadline,
            "the database is still open after the application has stopped"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
