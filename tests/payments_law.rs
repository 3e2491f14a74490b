//! A payment is a set of facts: whatever order they come in, and however often, it is worked out the same.
//!
//! Each provider's scenario is what it really posts, in short; the figures beside it are worked out by hand.

mod braintree;
mod holds;
mod messenger;
mod paypal;
mod paypal_orders;
mod paypal_returns;
mod refunds;
mod returns;
mod stripe;
mod telegram;

use std::collections::BTreeSet;

use botledger::config::Source;
use botledger::ingest::webhooks::Webhook;
use botledger::model::Event;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::app::{PRESENT, instant};
use crate::support::bench::Bench;
use crate::support::chance::cases;

/// The second from which scenarios count their times.
const START: i64 = 1_473_681_600;

/// What providers post, and what it comes to.
struct Scenario {
    sources: Vec<Source>,
    /// Which source is posted to, and the body.
    deliveries: Vec<(usize, Vec<u8>)>,
    /// `payment bot state currency authorized captured refunded disputed_lost reversed`.
    payments: &'static [&'static str],
    /// `payment attempt approved failure_kind`, in the order of their decisions.
    attempts: &'static [&'static str],
    /// `payment kind minor second`.
    movements: &'static [&'static str],
}

const PAYMENTS: &str = "select payment_id, coalesce(bot_id, '-'), state, currency, authorized, captured, refunded, \
     disputed_lost, reversed from payments order by payment_id";
const ATTEMPTS: &str = "select payment_id, attempt, coalesce(approved::varchar, '-'), coalesce(failure_kind, '-') \
     from payment_attempts a join payments using (payment_key) order by payment_id, a.decided_at, attempt";
const MOVEMENTS: &str = "select payment_id, kind, minor, epoch(m.at)::bigint - 1473681600 \
     from payment_movements m join payments using (payment_key) order by payment_id, m.at, kind, minor";

impl Scenario {
    /// The events of one delivery; another source tells the same facts under identities of its own.
    fn events(&self, delivery: usize, again: bool) -> Vec<Event> {
        let (source, body) = &self.deliveries[delivery];
        let mut source = self.sources[*source].clone();
        if again {
            source.name = "again".into();
        }
        Webhook::open(&source).unwrap().events(body, instant(PRESENT))
    }

    /// In the order of the scenario, once, folded at once.
    fn plainly(&self) -> Vec<String> {
        let bench = Bench::new();
        let all = 0..self.deliveries.len();
        bench.append(all.flat_map(|delivery| self.events(delivery, false)).collect());
        bench.fold();
        let (_folder, ledger) = bench.close();
        let told = |sql: &str| -> Vec<String> { ledger.rows(sql).iter().map(|row| row.join(" ")).collect() };
        assert_eq!(told(PAYMENTS), self.payments);
        assert_eq!(told(ATTEMPTS), self.attempts);
        assert_eq!(told(MOVEMENTS), self.movements);
        ledger.facts()
    }

    /// Every delivery in any order, some again, under the same identities or under others.
    fn postings(&self) -> impl Strategy<Value = Vec<Posting>> + use<> {
        let count = self.deliveries.len();
        let again = prop::collection::vec((0..count, any::<bool>()), 0..count);
        let folds = prop::collection::vec(prop::bool::weighted(0.1), 2 * count);
        (again, folds)
            .prop_flat_map(move |(again, folds)| {
                let once = (0..count).map(|delivery| (delivery, false));
                let all: Vec<(usize, bool)> = once.chain(again).collect();
                (Just(all).prop_shuffle(), Just(folds))
            })
            .prop_map(|(order, folds)| {
                let postings = order.into_iter().zip(folds);
                postings
                    .map(|((delivery, again), fold)| Posting { delivery, again, fold })
                    .collect()
            })
    }

    /// Holds if no order, no repetition and no moment of folding changes a fact.
    fn obeys_the_law(&self) {
        let expected = self.plainly();
        let config = Config {
            max_shrink_iters: 0,
            ..cases(8)
        };
        let outcome = TestRunner::new(config).run(&(self.postings(), any::<bool>()), |(postings, rebuild)| {
            let bench = Bench::new();
            let mut waiting = Vec::new();
            for posting in &postings {
                waiting.extend(self.events(posting.delivery, posting.again));
                if posting.fold {
                    bench.append(std::mem::take(&mut waiting));
                    bench.fold();
                }
            }
            bench.append(waiting);
            bench.fold();
            if rebuild {
                bench.rebuild();
            }
            let (_folder, ledger) = bench.close();
            prop_assert_eq!(ledger.facts(), expected.clone());
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
        self.tell();
    }

    /// A line for whoever runs this with `--nocapture`: what the scenario holds and what was checked.
    fn tell(&self) {
        let mut providers: Vec<&str> = self.sources.iter().map(|source| source.provider.as_str()).collect();
        providers.dedup();
        let events: usize = (0..self.deliveries.len()).map(|at| self.events(at, false).len()).sum();
        let states: BTreeSet<&str> = self.payments.iter().filter_map(|row| row.split(' ').nth(2)).collect();
        println!(
            "{}: {} deliveries, {events} events, states {}, {} amounts",
            providers.join(" and "),
            self.deliveries.len(),
            states.into_iter().collect::<Vec<_>>().join(" "),
            // Five of each payment, one of each movement.
            5 * self.payments.len() + self.movements.len(),
        );
    }
}

/// One delivery on its way.
#[derive(Debug, Clone)]
struct Posting {
    delivery: usize,
    again: bool,
    fold: bool,
}
