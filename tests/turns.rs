//! Jobs take turns, and the stop interrupts them.

use std::thread;
use std::time::{Duration, Instant};

use botledger::app::store_options;
use botledger::jobs::{FOLD_EVENTS, Turns};
use botledger::store::{Delivered, Store, StoreError};
use chrono::DateTime;

use crate::support::app::{PRESENT, TestApp, TestClock, instant};
use crate::support::events::{Draft, captured, conversation, lines};

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
    assert_eq!(runs, [("fold", 1), ("compact", 1), ("tallies", 1)]);
    let folded = store.folded_to();
    assert!(folded > DateTime::UNIX_EPOCH && folded < *store.committed().borrow());
    // As after a kill: nothing is saved at the end.
    drop(store);
    assert_eq!(open(&app).sources().tallies[WAY].accepted, 6);
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
    assert!(store.save_tallies().unwrap(), "what is counted can still be saved");
    drop(store);
    let store = open(&app);
    let report = store.fold(FOLD_EVENTS).unwrap().unwrap();
    assert_eq!(report.conversations, CONVERSATIONS);
}
