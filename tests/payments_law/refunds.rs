//! Refunds stated one by one, as sums so far, both or neither in full: as much as the larger of the two has gone back.

use std::collections::BTreeMap;

use botledger::model::{Currency, Event, EventType, FailureKind, Money};
use proptest::prelude::*;

use super::START;
use crate::support::bench::Bench;

/// What one event says of a payment's refunds.
#[derive(Debug, Clone)]
enum Stated {
    Single { id: u8, minor: i64, failed: bool },
    SoFar { minor: i64 },
}

fn stated() -> impl Strategy<Value = Stated> {
    let minor = 1..10_000_i64;
    prop_oneof![
        3 => (0..5_u8, minor.clone(), prop::bool::weighted(0.2))
            .prop_map(|(id, minor, failed)| Stated::Single { id, minor, failed }),
        1 => minor.prop_map(|minor| Stated::SoFar { minor }),
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
        events.push(fact(EventType::TransactionCaptured, payment, facts.len() / 2, 100_000));
        for (nth, stated) in facts.iter().enumerate() {
            let mut event = fact(EventType::TransactionRefunded, payment, nth, 0);
            let minor = match stated {
                Stated::Single { id, minor, failed } => {
                    event.refund_id = Some(format!("re_{id}"));
                    event.failure_kind = failed.then_some(FailureKind::Technical);
                    *minor
                }
                Stated::SoFar { minor } => {
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

/// The rule in so many words: the larger of the refunds that stand and of the largest sum less those that do not.
fn gone_back(facts: &[Stated]) -> i64 {
    let mut largest: BTreeMap<u8, i64> = BTreeMap::new();
    let (mut undone, mut so_far) = (Vec::new(), 0);
    for stated in facts {
        match *stated {
            Stated::Single { id, minor, failed } => {
                let known = largest.entry(id).or_default();
                *known = minor.max(*known);
                if failed {
                    undone.push(id);
                }
            }
            Stated::SoFar { minor } => so_far = minor.max(so_far),
        }
    }
    let (gone, back): (Vec<_>, Vec<_>) = largest.iter().partition(|(id, _)| undone.contains(id));
    let sum = |parts: Vec<(&u8, &i64)>| parts.into_iter().map(|(_, minor)| minor).sum::<i64>();
    sum(back).max(so_far - sum(gone))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

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
