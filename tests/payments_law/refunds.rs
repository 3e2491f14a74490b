//! Refunds stated one by one, as sums so far of a capture, both or neither in full: as much as the larger of the two has
//! gone back. A refund that failed is in the sums stated before it failed, and in no later one.

use std::collections::BTreeMap;

use botledger::model::{Currency, Event, EventType, FailureKind, Money};
use proptest::prelude::*;

use super::START;
use crate::support::bench::Bench;
use crate::support::chance::cases;

/// What one event says of a payment's refunds.
#[derive(Debug, Clone)]
enum Stated {
    Single { id: u8, minor: i64, failed: bool },
    SoFar { capture: u8, minor: i64 },
}

fn stated() -> impl Strategy<Value = Stated> {
    let minor = 1..10_000_i64;
    prop_oneof![
        3 => (0..5_u8, minor.clone(), prop::bool::weighted(0.2))
            .prop_map(|(id, minor, failed)| Stated::Single { id, minor, failed }),
        1 => (0..2_u8, minor).prop_map(|(capture, minor)| Stated::SoFar { capture, minor }),
    ]
}

fn fact(kind: EventType, payment: usize, nth: usize, minor: i64) -> Event {
    let second = i64::try_from(nth).unwrap();
    let time = chrono::DateTime::from_timestamp(START + second, 0).unwrap();
    let mut event = Event::new("/tests", format!("{payment}.{nth}.{}", kind.as_str()), kind, time);
    event.provider = Some("stripe".into());
    event.payment_id = Some(format!("p{payment:03}"));
    event.amount = Some(Money {
        minor,
        currency: Currency::parse("USD").unwrap(),
    });
    event
}

fn events(payments: &[Vec<Stated>]) -> Vec<Event> {
    let mut events = Vec::new();
    for (payment, facts) in payments.iter().enumerate() {
        for capture in 0..2_u8 {
            let mut taken = fact(EventType::TransactionCaptured, payment, facts.len() / 2, 100_000);
            taken.id.push_str(&capture.to_string());
            taken.capture_id = Some(capture_of(capture));
            events.push(taken);
        }
        for (nth, stated) in facts.iter().enumerate() {
            let mut event = fact(EventType::TransactionRefunded, payment, nth, 0);
            let minor = match stated {
                Stated::Single { id, minor, failed } => {
                    event.capture_id = Some(capture_of(*id));
                    event.refund_id = Some(format!("re_{id}"));
                    event.failure_kind = failed.then_some(FailureKind::Technical);
                    *minor
                }
                Stated::SoFar { capture, minor } => {
                    event.capture_id = Some(capture_of(*capture));
                    event.cumulative = true;
                    *minor
                }
            };
            event.amount = event.amount.map(|money| Money { minor, ..money });
            events.push(event);
        }
    }
    events
}

/// Refunds with even numbers are of one capture, those with odd ones of the other.
fn capture_of(refund: u8) -> String {
    format!("capture {}", refund % 2)
}

/// The rule in so many words: of each capture the larger of the refunds that stand and of the largest sum, less what a
/// sum still held when a refund had not failed yet.
fn gone_back(facts: &[Stated]) -> i64 {
    (0..2_u8).map(|capture| gone_back_of(facts, capture)).sum()
}

fn gone_back_of(facts: &[Stated], capture: u8) -> i64 {
    let (mut largest, mut failed_at) = (BTreeMap::<u8, i64>::new(), BTreeMap::<u8, usize>::new());
    for (nth, stated) in facts.iter().enumerate() {
        if let Stated::Single { id, minor, failed } = *stated
            && id % 2 == capture
        {
            let known = largest.entry(id).or_default();
            *known = minor.max(*known);
            if failed {
                failed_at.entry(id).or_insert(nth);
            }
        }
    }
    let standing = largest.iter().filter(|(id, _)| !failed_at.contains_key(id));
    let mut back = standing.map(|(_, minor)| minor).sum::<i64>();
    for (nth, stated) in facts.iter().enumerate() {
        if let Stated::SoFar { capture: of, minor } = *stated
            && of == capture
        {
            let failed_later = failed_at.iter().filter(|(_, failed)| nth <= **failed);
            back = back.max(minor - failed_later.map(|(id, _)| largest[id]).sum::<i64>());
        }
    }
    back
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn the_larger_of_both_figures_has_gone_back(
        payments in prop::collection::vec(prop::collection::vec(stated(), 1..9), 30),
        swap in any::<u64>(),
    ) {
        let mut sent = events(&payments);
        // Any rotation and reversal: what comes first is arbitrary.
        let middle = usize::try_from(swap % sent.len() as u64).unwrap();
        sent.rotate_left(middle);
        if swap % 2 == 0 {
            sent.reverse();
        }
        let bench = Bench::new();
        let rest = sent.split_off(sent.len() / 3);
        for part in [sent, rest] {
            bench.append(part);
            bench.fold();
        }
        let (_folder, ledger) = bench.close();
        let refunded = ledger.rows("select refunded from payments order by payment_id");
        let steps = ledger.rows(
            "select coalesce(sum(minor) filter (where kind = 'refund'), 0)::bigint, min(minor) > 0 \
             from payment_movements join payments using (payment_key) group by payment_id order by payment_id",
        );
        for (nth, facts) in payments.iter().enumerate() {
            let expected = gone_back(facts).to_string();
            prop_assert_eq!(&refunded[nth][0], &expected, "{:?}", facts);
            prop_assert_eq!(&steps[nth], &[expected, "true".to_owned()], "{:?}", facts);
        }
    }
}
