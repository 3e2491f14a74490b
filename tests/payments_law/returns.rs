//! Money that goes back in every way at once, with equal amounts, equal times and facts that contradict each other: no
//! order and no repetition changes what is worked out, and nothing goes back that reversals had no money for.

use botledger::model::{Currency, DisputeOutcome, DisputeStage, Event, EventType, FailureKind, Money};
use proptest::prelude::*;

use super::{MOVEMENTS, PAYMENTS, START};
use crate::support::bench::Bench;
use crate::support::chance::cases;

/// One fact: what it says, when, of which capture, under which id, and how much.
#[derive(Debug, Clone)]
struct Fact {
    says: u8,
    second: i64,
    capture: Option<u8>,
    id: u8,
    minor: i64,
}

fn fact() -> impl Strategy<Value = Fact> {
    let capture = prop::option::weighted(0.8, 0..2_u8);
    // Few moments and few amounts: many are equal.
    (0..10_u8, 0..6_i64, capture, 0..3_u8, 1..5_i64).prop_map(|(says, second, capture, id, hundreds)| Fact {
        says,
        second: 100 * second,
        capture,
        id,
        minor: 100 * hundreds,
    })
}

impl Fact {
    fn event(&self, payment: usize, nth: usize) -> Event {
        let time = chrono::DateTime::from_timestamp(START + self.second, 0).unwrap();
        let kind = match self.says {
            0 | 1 => EventType::TransactionCaptured,
            2..=5 => EventType::TransactionRefunded,
            6..=8 => EventType::TransactionReversed,
            _ => EventType::TransactionDisputeClosed,
        };
        let mut event = Event::new("/tests", format!("{payment}.{nth}"), kind, time);
        event.provider = Some("stripe".into());
        event.payment_id = Some(format!("p{payment:03}"));
        event.capture_id = self.capture.map(|capture| format!("c{capture}"));
        event.amount = Some(Money {
            minor: self.minor,
            currency: Currency::parse("USD").unwrap(),
        });
        match self.says {
            0 | 3 => event.cumulative = true,
            1 => event.released = event.capture_id.as_ref().map(|_| 100),
            2 | 4 | 5 => {
                event.refund_id = Some(format!("r{}", self.id));
                event.pending = self.says == 4;
                event.failure_kind = (self.says == 5 && self.id == 0).then_some(FailureKind::Technical);
            }
            6 => event.amount = None,
            7 => event.refund_id = Some(format!("r{}", self.id)),
            8 => {}
            _ => {
                event.dispute_id = Some(format!("d{}", self.id));
                event.stage = Some(DisputeStage::Chargeback);
                event.outcome = Some(DisputeOutcome::Lost);
            }
        }
        event
    }
}

/// What is worked out of events that come in two parts.
fn worked_out(mut sent: Vec<Event>, cut: usize) -> Vec<Vec<String>> {
    let bench = Bench::new();
    let rest = sent.split_off(cut.min(sent.len()));
    for part in [sent, rest] {
        bench.append(part);
        bench.fold();
    }
    let (_folder, ledger) = bench.close();
    let reversed = "select payment_id, 'all' from payments \
        where reversed > greatest(captured - refunded - disputed_lost, 0) or least(captured, refunded, reversed) < 0";
    assert_eq!(ledger.rows(reversed), Vec::<Vec<String>>::new());
    [PAYMENTS, MOVEMENTS]
        .into_iter()
        .flat_map(|sql| ledger.rows(sql))
        .collect()
}

proptest! {
    #![proptest_config(cases(8))]

    #[test]
    fn no_order_and_no_repetition_changes_what_went_back(
        (facts, order, again) in prop::collection::vec(prop::collection::vec(fact(), 1..12), 40).prop_flat_map(|facts| {
            let count: usize = facts.iter().map(Vec::len).sum();
            let order = Just((0..count).collect::<Vec<usize>>()).prop_shuffle();
            (Just(facts), order, prop::collection::vec(any::<bool>(), count))
        }),
        cut in any::<prop::sample::Index>(),
    ) {
        let plainly: Vec<Event> = facts
            .iter()
            .enumerate()
            .flat_map(|(payment, facts)| facts.iter().enumerate().map(move |(nth, fact)| fact.event(payment, nth)))
            .collect();
        let mut shuffled: Vec<Event> = order.iter().map(|at| plainly[*at].clone()).collect();
        // The same facts once more, told by others.
        let others = plainly.iter().zip(&again).filter(|(_, again)| **again);
        shuffled.extend(others.map(|(event, _)| Event { source: "/again".into(), ..event.clone() }));
        let expected = worked_out(plainly, 0);
        let told = worked_out(shuffled.clone(), cut.index(shuffled.len()));
        prop_assert_eq!(told, expected);
    }
}
