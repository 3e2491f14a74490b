//! Jobs take turns, and the stop interrupts them.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use botledger::app::store_options;
use botledger::jobs::{FOLD_EVENTS, Turns};
use botledger::store::{Delivered, Store, StoreError};
use chrono::{DateTime, Utc};

use crate::support::app::{PRESENT, TestApp, TestClock, config, instant};
use crate::support::client::Counts;
use crate::support::events::{Draft, captured, conversation, lines};
use crate::support::program::{Served, botledger, run};

const WAY: &str = "/v1/events";

/// A store without jobs, on the folder of a stopped application; nothing is folded.
fn unfolded(app: &TestApp) -> Store {
    let store = open(app);
    store.reset_facts().unwrap();
    store
}

fn open(app: &TestApp) -> Store {
    Store::open(&store_options(&app.config), TestClock::at(PRESENT).clock()).unwrap()
}

fn deliver(store: &Store) {
    let delivered = Delivered {
        accepted: 1,
        ..Delivered::default()
    };
    store.note_delivery(WAY, instant(PRESENT), &delivered);
}

#[test]
fn a_fold_that_has_more_to_do_lets_the_other_jobs_have_their_turn() {
    let mut app = TestApp::start();
    for number in 0..5 {
        app.client
            .post_events(&lines(&[captured(&format!("p{number}"), "10.00", "USD")]));
    }
    app.stop();
    let store = unfolded(&app);
    deliver(&store);
    let mut turns = Turns::new(&store, Instant::now()).events(1);
    assert!(
        turns.round(&store, &TestClock::at(PRESENT).clock(), true),
        "the fold has more to do"
    );
    let runs: Vec<(&str, u64)> = store.jobs().iter().map(|job| (job.name, job.runs)).collect();
    assert_eq!(runs, [("fold", 1), ("compact", 1), ("counters", 1)]);
    let folded = store.folded_to();
    assert!(folded > DateTime::UNIX_EPOCH && folded < *store.committed().borrow());
    // As after a kill: nothing is saved at the end.
    drop(store);
    assert_eq!(open(&app).sources().counters[WAY].accepted, 6);
}

/// `serve` on a folder, with five seconds to stop.
fn serve(folder: &Path) -> Served {
    let (file, data) = (folder.join("botledger.toml"), folder.join("data"));
    let text = format!("data_dir = {data:?}\nlisten = \"127.0.0.1:0\"\nshutdown_seconds = 5\n");
    std::fs::write(&file, text).unwrap();
    Served::spawn(botledger(&["serve", "--config", file.to_str().unwrap()]))
}

#[test]
fn a_server_that_is_stopped_while_it_folds_much_ends_in_time_and_keeps_what_it_has_acknowledged() {
    const EVENTS: usize = 60_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.ndjson");
    let (path, events) = (file.to_str().unwrap(), EVENTS.to_string());
    assert!(
        run(&["generate", path, "--events", &events, "--seed", "1"])
            .status
            .success()
    );
    let text = std::fs::read_to_string(&file).unwrap();
    let all: Vec<&str> = text.lines().collect();
    let batches: Vec<String> = all.chunks(12_000).map(|some| some.join("\n")).collect();
    // A machine with other work may refuse some for a moment.
    let sent = |served: &Served, batch: &str| -> Counts {
        loop {
            let reply = served.client.post_lines(batch);
            if reply.status != 503 {
                return Counts::of(&reply.expect_status(200).json());
            }
            thread::sleep(Duration::from_millis(100));
        }
    };
    // All at once, so that the fold has much before it.
    let post = |served: &Served| -> Vec<Counts> {
        thread::scope(|scope| {
            let posts = batches.iter().map(|batch| scope.spawn(move || sent(served, batch)));
            let all: Vec<_> = posts.collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        })
    };
    let sum = |told: &[Counts], count: fn(&Counts) -> u64| told.iter().map(count).sum::<u64>();

    let served = serve(folder.path());
    let told = post(&served);
    thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    let status = served.terminate();
    let took = begun.elapsed();
    println!("{took:?} until {status}");
    assert!(matches!(status.code(), Some(0 | 3)), "{status}");
    assert!(took < Duration::from_secs(6), "{took:?} with five seconds to stop");

    let store = Store::open(&store_options(&config(&folder.path().join("data"))), Arc::new(Utc::now)).unwrap();
    assert!(
        store.folded_to() < *store.committed().borrow(),
        "it was in the middle of the fold"
    );
    drop(store);
    let again = post(&serve(folder.path()));
    assert_eq!(
        sum(&again, |counts| counts.accepted),
        0,
        "what was acknowledged is there"
    );
    let known = |counts: &Counts| counts.duplicates + counts.conflicts;
    let accepted = sum(&told, |counts| counts.accepted);
    assert_eq!(sum(&again, known), accepted + sum(&told, known));
    assert!(accepted > 50_000, "{told:?}");
}

#[test]
fn the_stop_interrupts_a_fold_which_is_done_after_the_next_start() {
    const CONVERSATIONS: usize = 20_000;
    let mut app = TestApp::start();
    let event = |number: usize| -> Draft { conversation(&format!("b{}", number % 50), &format!("c{number}")) };
    app.client
        .post_events(&lines(&(0..CONVERSATIONS).map(event).collect::<Vec<_>>()));
    app.stop();
    let store = unfolded(&app);
    let folding = {
        let store = store.clone();
        thread::spawn(move || store.fold_step(FOLD_EVENTS))
    };
    thread::sleep(Duration::from_millis(50));
    store.begin_stop();
    let outcome = folding.join().unwrap();
    assert!(matches!(outcome, Err(StoreError::Stopped)), "{outcome:?}");
    assert_eq!(store.folded_to(), DateTime::UNIX_EPOCH, "nothing of the step is kept");
    assert!(matches!(store.fold_step(FOLD_EVENTS), Err(StoreError::Stopped)));
    deliver(&store);
    assert!(store.save_counters().unwrap(), "what is counted can still be saved");
    drop(store);
    let store = open(&app);
    let report = store.fold(FOLD_EVENTS).unwrap().unwrap();
    assert_eq!(report.conversations, CONVERSATIONS);
}
