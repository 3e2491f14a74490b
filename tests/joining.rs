//! One payment under several names: what knows only the charge joins what knows the intent, whichever comes first.

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use botledger::model::{Currency, Event, EventType, Money};
use botledger::store::Store;

use crate::support::app::instant;
use crate::support::bench::Bench;

fn event(id: &str, kind: EventType, minute: u32, payment: &str) -> Event {
    let mut event = Event::new("/tests", id, kind, instant(&format!("2016-09-12T12:{minute:02}:00Z")));
    event.provider = Some("stripe".into());
    event.payment_id = Some(payment.into());
    event.content = i64::from(minute);
    event
}

fn usd(minor: i64) -> Option<Money> {
    Some(Money {
        minor,
        currency: Currency::parse("USD").unwrap(),
    })
}

/// The story of one payment as its five tellers have it: the thread, which knows the charge; the intent; the charge,
/// which knows both; a refund and a dispute, which know only the charge.
fn story() -> Vec<Event> {
    let mut thread = event("thread", EventType::TransactionCaptured, 3, "ch_1");
    thread.platform = Some("messenger".into());
    thread.bot_id = Some("page".into());
    thread.conversation_id = Some("page:u1".into());
    thread.user_id = Some("u1".into());
    thread.attempt_id = Some("ch_1".into());
    thread.capture_id = Some("ch_1".into());
    thread.amount = usd(2_962);
    let mut intent = event("intent", EventType::TransactionInitiated, 1, "pi_1");
    intent.amount = usd(2_962);
    let mut charge = event("charge", EventType::TransactionCaptured, 2, "pi_1");
    charge.attempt_id = Some("ch_1".into());
    charge.capture_id = Some("ch_1".into());
    charge.amount = usd(2_962);
    charge.network = Some("visa".into());
    charge.aliases = vec!["ch_1".into()];
    let mut refund = event("refund", EventType::TransactionRefunded, 5, "ch_1");
    refund.refund_id = Some("re_1".into());
    refund.amount = usd(1_000);
    let mut dispute = event("dispute", EventType::TransactionDisputed, 6, "ch_1");
    dispute.dispute_id = Some("dp_1".into());
    dispute.stage = Some(botledger::model::DisputeStage::Chargeback);
    dispute.amount = usd(1_962);
    // Another payment of the same thread, which must not be drawn in.
    let mut other = event("other", EventType::TransactionCaptured, 4, "pi_2");
    other.platform = Some("messenger".into());
    other.bot_id = Some("page".into());
    other.conversation_id = Some("page:u1".into());
    other.amount = usd(500);
    vec![thread, intent, charge, refund, dispute, other]
}

fn folded_at_once(events: Vec<Event>) -> Vec<String> {
    let bench = Bench::new();
    bench.append(events);
    bench.fold();
    bench.close().1.facts()
}

#[test]
fn five_tellers_tell_of_one_payment() {
    let bench = Bench::new();
    bench.append(story());
    bench.fold();
    let (_folder, ledger) = bench.close();
    let rows = ledger.rows(
        "select payment_id, bot_id, conversation_key is not null, captured, refunded, state, network, first_fact_at::varchar \
         from payments order by payment_id",
    );
    assert_eq!(
        rows,
        [
            [
                "pi_1",
                "page",
                "true",
                "2962",
                "1000",
                "disputed",
                "visa",
                "2016-09-12 12:01:00"
            ],
            [
                "pi_2",
                "page",
                "true",
                "500",
                "0",
                "captured",
                "",
                "2016-09-12 12:04:00"
            ],
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_arrival_and_the_moments_of_folding_change_nothing(
        events in Just(story()).prop_shuffle(),
        folds in proptest::collection::vec(any::<bool>(), 6),
    ) {
        let bench = Bench::new();
        for (event, fold) in events.into_iter().zip(folds) {
            bench.append(vec![event]);
            if fold {
                bench.fold();
            }
        }
        bench.fold();
        prop_assert_eq!(bench.close().1.facts(), folded_at_once(story()));
    }

    #[test]
    fn an_as_of_before_two_names_were_joined_sees_two_payments_and_sees_them_for_ever(
        events in Just(story()).prop_shuffle(),
    ) {
        let bench = Bench::new();
        let mut seen = Vec::new();
        for event in events {
            let stamp = bench.append(vec![event]);
            bench.fold();
            seen.push((stamp, captured(&bench.store, stamp)));
        }
        for (stamp, then) in seen {
            prop_assert_eq!(captured(&bench.store, stamp), then, "as of {}", stamp);
        }
    }
}

/// The captured payments as known at a moment: ids and amounts.
fn captured(store: &Store, as_of: DateTime<Utc>) -> String {
    let metric = botledger::metrics::find("payments").unwrap();
    let pairs: Vec<(String, String)> = [
        ("from", "2016-09-12"),
        ("to", "2016-09-13"),
        ("group_by", "bot,network"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let defaults = botledger::serve::Defaults {
        now: as_of,
        as_of,
        currency: Currency::parse("USD"),
    };
    let asked = botledger::serve::question::parse(metric, &pairs, &defaults).unwrap();
    let report = botledger::serve::report::answer(store, metric, &asked.question).unwrap();
    format!("{:?}", report.table.rows)
}
