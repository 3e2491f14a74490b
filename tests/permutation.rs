//! Every number is a function of the set of accepted events: no order and no repetition changes it.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::small;
use crate::support::app::TestApp;
use crate::support::chance::cases;
use crate::support::ledger::Ledger;

/// The accepted lines. The last three repeat or contradict others: of two unlike bodies, or of two times, the
/// first sent stays, so their place matters.
fn accepted() -> Vec<String> {
    let sample = small::sample();
    let lines: Vec<String> = sample.lines().map(str::to_owned).collect();
    lines[..lines.len() - 3].to_vec()
}

/// A sending: lines in any order, some again, cut into requests, with a fold after some of them.
#[derive(Debug, Clone)]
struct Sending {
    order: Vec<usize>,
    again: Vec<(usize, usize)>,
    cuts: Vec<(usize, bool)>,
}

fn sending() -> impl Strategy<Value = Sending> {
    let count = accepted().len();
    let order = Just((0..count).collect::<Vec<usize>>()).prop_shuffle();
    let again = prop::collection::vec((0..count, 0..count), 0..20);
    let cuts = prop::collection::vec((1..count, any::<bool>()), 0..8);
    (order, again, cuts).prop_map(|(order, again, cuts)| Sending { order, again, cuts })
}

fn send(app: &TestApp, sending: &Sending) {
    let lines = accepted();
    let mut order = sending.order.clone();
    for &(line, place) in &sending.again {
        order.insert(place, line);
    }
    let mut cuts = sending.cuts.clone();
    cuts.sort_unstable();
    let mut start = 0;
    for (cut, fold) in cuts.into_iter().chain([(order.len(), true)]) {
        let part: String = order[start.min(cut)..cut]
            .iter()
            .map(|&line| format!("{}\n", lines[line]))
            .collect();
        app.client.post_events(&part);
        if fold {
            app.wait_folded();
        }
        start = cut;
    }
}

#[test]
fn any_order_and_repetition_gives_the_same_facts_and_answers() {
    let reference = TestApp::start();
    let whole = accepted().join("\n");
    assert_eq!(reference.client.post_events(&whole).accepted, 66);
    reference.wait_folded();
    let answers = small::ask_all(&reference.client);
    let mut reference = reference;
    reference.stop();
    let facts = Ledger::open(&reference.config.data_dir).facts();
    let config = Config {
        max_shrink_iters: 0,
        ..cases(8)
    };
    let outcome = TestRunner::new(config).run(&sending(), |sending| {
        let mut app = TestApp::start();
        send(&app, &sending);
        let asked = small::ask_all(&app.client);
        app.stop();
        let folded = Ledger::open(&app.config.data_dir).facts();
        for ((question, asked), wanted) in small::questions().iter().zip(&asked).zip(&answers) {
            prop_assert_eq!(asked, wanted, "{}", question["name"]);
        }
        prop_assert_eq!(folded, facts.clone());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
