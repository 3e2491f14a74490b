//! Laws of all metrics, held against questions drawn at random over one generated ledger.
//!
//! The seeds are fixed: the same questions are asked in every run.

mod compared;
mod draw;
mod everything;
mod identities;
mod permuted;
mod rates;
mod shares;
mod sums;
mod world;

use std::collections::BTreeMap;
use std::sync::Mutex;

use botledger::metrics;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use self::draw::{Draw, draw};
use self::world::{app, rows};

/// Questions about each metric.
const CASES: u32 = 8;

/// Holds a law against questions about every metric, and gives how much of it was compared, by metric.
fn for_every_metric(seed: u8, cases: u32, law: impl Fn(&Draw) -> usize) -> BTreeMap<&'static str, usize> {
    let mut compared = BTreeMap::new();
    for (at, metric) in metrics::ALL.iter().enumerate() {
        let config = Config {
            cases,
            max_shrink_iters: 0,
            failure_persistence: None,
            ..Config::default()
        };
        let seed = [seed, u8::try_from(at).unwrap()].repeat(16);
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        let cells = Mutex::new(0);
        let outcome = runner.run(&draw(metric.name), |asked| {
            *cells.lock().unwrap() += law(&asked);
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{} from the seed {seed:?}: {error}", metric.name));
        compared.insert(metric.name, cells.into_inner().unwrap());
    }
    println!("{compared:?}");
    compared
}

/// The metrics that a law has nothing to say about; of all others it must have said something.
fn only_silent_about(compared: &BTreeMap<&'static str, usize>, silent: &[&str]) {
    for (metric, cells) in compared {
        assert_eq!(*cells == 0, silent.contains(metric), "{metric}: {cells} figures");
    }
}

#[test]
fn every_answer_keeps_the_laws_of_its_metric() {
    let compared = for_every_metric(1, CASES, |asked| {
        let rows = rows(app(), &asked.question());
        identities::buckets(asked, &rows);
        identities::hold(asked, &rows);
        rows.iter().for_each(|row| rates::intervals(asked, row));
        rows.len()
    });
    only_silent_about(&compared, &[]);
}

#[test]
fn groups_add_up_to_the_whole_where_units_are_not_distinct() {
    let compared = for_every_metric(2, CASES, |asked| {
        if asked.groups.is_empty() {
            return 0;
        }
        let (parts, whole) = (
            rows(app(), &asked.question()),
            rows(app(), &asked.without_groups().question()),
        );
        sums::over_groups(asked, &parts, &whole)
    });
    // The parts of a change have weights, which are shares of other wholes in a group.
    only_silent_about(&compared, &["change"]);
}

#[test]
fn finer_buckets_add_up_to_coarser_ones_where_units_are_not_distinct() {
    let compared = for_every_metric(3, CASES, |asked| {
        let Some(finer) = asked.finer().filter(|_| asked.metric != "change") else {
            return 0;
        };
        let (fine, coarse) = (rows(app(), &finer.question()), rows(app(), &asked.question()));
        sums::over_time(asked, &fine, &coarse)
    });
    only_silent_about(&compared, &["change"]);
}
