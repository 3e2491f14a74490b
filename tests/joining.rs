//! One payment under several names: what knows only the charge joins what knows the intent, whichever comes first.

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use botledger::model::{CheckoutPath, Currency, Direction, Event, EventType, Money};
use botledger::store::Store;

use crate::support::app::instant;
use crate::support::bench::Bench;
use crate::support::chance::cases;

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

/// A group in which the bot is started, which becomes a supergroup, in which a message, a checkout and a payment follow.
fn moving() -> Vec<Event> {
    let of = |id: &str, kind: EventType, minute: u32, conversation: &str| {
        let mut event = Event::new("/tests", id, kind, instant(&format!("2016-09-12T12:{minute:02}:00Z")));
        event.platform = Some("telegram".into());
        event.bot_id = Some("700".into());
        event.conversation_id = Some(conversation.into());
        event.content = i64::from(minute);
        event
    };
    let started = of("started", EventType::ConversationStarted, 0, "700:-5");
    let mut moved = of("moved", EventType::Other, 1, "700:-5");
    moved.aliases = vec!["700:-1005".into()];
    let mut said = of("said", EventType::ConversationMessage, 2, "700:-1005");
    said.direction = Some(Direction::In);
    said.user_id = Some("42".into());
    let mut checkout = of("checkout", EventType::CheckoutStarted, 3, "700:-1005");
    checkout.path = Some(CheckoutPath::InThread);
    checkout.checkout_id = Some("k1".into());
    let mut paid = of("paid", EventType::TransactionCaptured, 4, "700:-1005");
    paid.provider = Some("stripe".into());
    paid.payment_id = Some("ch_1".into());
    paid.amount = usd(500);
    // Another group, which stays what it is.
    let other = of("other", EventType::ConversationStarted, 5, "700:-6");
    vec![started, moved, said, checkout, paid, other]
}

/// What is told of conversations as known at a moment, from the rollup, from the walks and by user.
fn talks(store: &Store, as_of: DateTime<Utc>) -> String {
    let walks = "started,conversation.message,checkout,paid";
    [
        answer(store, as_of, "conversion", &[]),
        answer(store, as_of, "conversion", &[("steps", walks), ("group_by", "path")]),
        answer(
            store,
            as_of,
            "conversion",
            &[("unit", "user"), ("steps", "conversation.message,checkout,paid")],
        ),
        answer(store, as_of, "coverage", &[]),
        answer(store, as_of, "path-effect", &[]),
        answer(store, as_of, "bot-retention", &[("unit", "user")]),
    ]
    .join("\n")
}

#[test]
fn a_conversation_that_got_another_name_goes_on() {
    let bench = Bench::new();
    bench.append(moving());
    bench.fold();
    let (_folder, ledger) = bench.close();
    assert_eq!(
        ledger.rows("select conversation_id, checkout_at::varchar, paid_at::varchar from conversations order by 1"),
        [
            ["700:-5", "2016-09-12 12:03:00", "2016-09-12 12:04:00"],
            ["700:-6", "", ""]
        ]
    );
    let of_payment = "select c.conversation_id from payments p join conversations c using (conversation_key)";
    assert_eq!(ledger.rows(of_payment), [["700:-5"]]);
    assert_eq!(
        ledger.rows("select paid_at::varchar from checkouts"),
        [["2016-09-12 12:04:00"]]
    );
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
    #![proptest_config(cases(6))]

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
    fn a_conversation_that_got_another_name_is_the_same_in_any_order(
        events in Just(moving()).prop_shuffle(),
        folds in proptest::collection::vec(any::<bool>(), 6),
    ) {
        let bench = Bench::new();
        let mut seen = Vec::new();
        for (event, fold) in events.into_iter().zip(folds) {
            let stamp = bench.append(vec![event]);
            if fold {
                bench.fold();
                seen.push((stamp, talks(&bench.store, stamp)));
            }
        }
        bench.fold();
        for (stamp, then) in seen {
            prop_assert_eq!(talks(&bench.store, stamp), then, "as of {}", stamp);
        }
        prop_assert_eq!(bench.close().1.facts(), folded_at_once(moving()));
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
    answer(store, as_of, "payments", &[("group_by", "bot,network")])
}

fn answer(store: &Store, as_of: DateTime<Utc>, metric: &str, more: &[(&str, &str)]) -> String {
    let metric = botledger::metrics::find(metric).unwrap();
    let pairs: Vec<(String, String)> = [("from", "2016-09-12"), ("to", "2016-09-13")]
        .iter()
        .chain(more)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let defaults = botledger::serve::Defaults {
        now: as_of,
        as_of,
        currency: Currency::parse("USD"),
    };
    let asked = botledger::serve::answer::question::parse(metric, &pairs, &defaults).unwrap();
    let report = botledger::serve::answer::report::answer(store, metric, &asked.question).unwrap();
    format!("{:?}", report.table.rows)
}
