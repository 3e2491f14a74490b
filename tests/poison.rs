//! One odd client must not stop everybody: constant ids, names in circles, entities that cannot be folded.

use std::sync::Arc;
use std::time::Instant;

use botledger::jobs::Turns;
use botledger::model::{CheckoutPath, Clock, Currency, Event, EventType, Money};
use botledger::store::{EntityKind, SetAside, SetAsideState, Store, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::app::{TestApp, instant};
use crate::support::bench::Bench;
use crate::support::events;
use crate::support::frames::frames;
use crate::support::ledger::Ledger;

/// An event `second` seconds into a day.
fn event(kind: EventType, id: &str, second: i64) -> Event {
    let mut event = Event::new("/tests", id, kind, at(second));
    event.content = second;
    event
}

fn at(second: i64) -> DateTime<Utc> {
    instant("2016-09-12T12:00:00Z") + TimeDelta::seconds(second)
}

fn in_thread(mut event: Event, conversation: &str) -> Event {
    event.platform = Some("web".into());
    event.bot_id = Some("shop".into());
    event.conversation_id = Some(conversation.into());
    event
}

fn started(conversation: &str, second: i64) -> Event {
    let id = format!("started {conversation}");
    in_thread(event(EventType::ConversationStarted, &id, second), conversation)
}

fn checkout(conversation: &str, name: &str, second: i64) -> Event {
    let id = format!("checkout {conversation} {name} {second}");
    let mut checkout = in_thread(event(EventType::CheckoutStarted, &id, second), conversation);
    checkout.checkout_id = Some(name.into());
    checkout.path = Some(CheckoutPath::InThread);
    checkout
}

fn captured(payment: &str, minor: i64, second: i64) -> Event {
    let mut event = event(
        EventType::TransactionCaptured,
        &format!("captured {payment} {second}"),
        second,
    );
    event.provider = Some("stripe".into());
    event.payment_id = Some(payment.into());
    event.amount = Some(Money {
        minor,
        currency: Currency::parse("USD").unwrap(),
    });
    event
}

fn paid(payment: &str, conversation: &str, name: Option<&str>, second: i64) -> Event {
    let mut paid = in_thread(captured(payment, 500, second), conversation);
    paid.checkout_id = name.map(str::to_owned);
    paid
}

/// A statement that a payment has other names.
fn naming(payment: &str, aliases: &[&str], second: i64) -> Event {
    let mut naming = event(
        EventType::TransactionInitiated,
        &format!("naming {payment} {second}"),
        second,
    );
    naming.provider = Some("stripe".into());
    naming.payment_id = Some(payment.into());
    naming.aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
    naming
}

/// A conversation with a checkout and its payment that nothing else touches.
fn sound() -> Vec<Event> {
    vec![
        started("sound", 1),
        checkout("sound", "k-sound", 2),
        paid("pi_sound", "sound", Some("k-sound"), 3),
    ]
}

/// Delivers in parts, each folded before the next comes.
fn delivered(bench: &Bench, events: &[Event], parts: usize) {
    for part in events.chunks(events.len().div_ceil(parts)) {
        bench.append(part.to_vec());
        bench.fold();
    }
}

/// The same events at once, in the other direction and in parts, are the same facts; those are given.
fn in_any_order(events: &[Event], entity_rows: usize) -> Ledger {
    let facts = |events: &[Event], parts: usize| {
        let bench = Bench::with(|config| config.limits.entity_rows = entity_rows);
        delivered(&bench, events, parts);
        let incremental = bench.store.quarantined();
        let (folder, ledger) = bench.close();
        (folder, ledger, incremental)
    };
    let (_folder, ledger, aside) = facts(events, 1);
    let reversed: Vec<Event> = events.iter().rev().cloned().collect();
    for (events, parts) in [(events, 3), (&reversed[..], 3)] {
        let (_other_folder, other, other_aside) = facts(events, parts);
        assert_eq!(ids(&other_aside), ids(&aside));
        assert!(other.facts() == ledger.facts(), "another order gives other facts");
    }
    ledger
}

fn ids(aside: &[SetAside]) -> Vec<String> {
    let mut ids: Vec<String> = aside.iter().map(|one| one.id.clone()).collect();
    ids.sort();
    ids
}

fn only(bench: &Bench) -> SetAside {
    let aside = bench.store.quarantined();
    assert_eq!(aside.len(), 1, "{aside:?}");
    aside[0].clone()
}

/// A fact of the sound conversation, in every table that it reaches.
fn is_sound(ledger: &Ledger) {
    let count =
        |table: &str, condition: &str| ledger.number(&format!("select count(*) from {table} where {condition}"));
    assert_eq!(count("payments", "payment_id = 'pi_sound' and captured = 500"), 1);
    assert_eq!(
        count("conversations", "conversation_id = 'sound' and paid_at is not null"),
        1
    );
    assert_eq!(count("checkouts", "checkout_id = 'k-sound' and paid_at is not null"), 1);
}

#[test]
fn many_checkouts_and_payments_of_one_id_are_matched_with_their_nearest() {
    const MANY: i64 = 10_000;
    let mut events = sound();
    for n in 0..MANY {
        events.push(checkout(&format!("c{n}"), "undefined", 10 + 2 * n));
        // Unlike the checkouts, they share a conversation too.
        events.push(paid(&format!("p{n}"), "paying", Some("undefined"), 11 + 2 * n));
    }
    let bench = Bench::new();
    delivered(&bench, &events, 1);
    assert_eq!(bench.store.quarantined(), []);
    let (_folder, ledger) = bench.close();
    is_sound(&ledger);
    // Each is paid a second later, by the payment that comes next.
    let paid =
        "select count(*) from checkouts where checkout_id = 'undefined' and paid_at = started_at + interval 1 second";
    assert_eq!(ledger.number(paid), MANY);
}

#[test]
fn many_checkouts_and_payments_of_one_conversation_are_matched_with_their_nearest() {
    const MANY: i64 = 5_000;
    let mut events = sound();
    for n in 0..MANY {
        events.push(checkout("null", &format!("k{n}"), 10 + 2 * n));
        events.push(paid(&format!("p{n}"), "null", None, 11 + 2 * n));
    }
    let bench = Bench::new();
    delivered(&bench, &events, 1);
    let (_folder, ledger) = bench.close();
    is_sound(&ledger);
    assert_eq!(
        ledger.number("select count(*) from checkouts where paid_at = started_at + interval 1 second"),
        MANY + 1
    );
}

#[test]
fn a_checkout_id_that_too_many_share_is_set_aside_alone() {
    let mut events = sound();
    for n in 0..60 {
        let conversation = format!("c{n}");
        events.push(started(&conversation, 10 + 3 * n));
        events.push(checkout(&conversation, "undefined", 11 + 3 * n));
        events.push(paid(&format!("p{n}"), &conversation, Some("undefined"), 12 + 3 * n));
    }
    let ledger = in_any_order(&events, 100);
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from checkouts"), 1);
    assert_eq!(ledger.number("select count(*) from payments"), 61);
    assert_eq!(
        ledger.number("select count(*) from conversations where paid_at is not null"),
        61
    );

    let bench = Bench::with(|config| config.limits.entity_rows = 100);
    delivered(&bench, &events, 1);
    let aside = only(&bench);
    assert_eq!(
        (aside.kind, aside.rows, aside.limit),
        (EntityKind::Checkout, 120, Some(100))
    );
    assert_eq!(
        aside.reason,
        "120 checkouts and payments share one checkout_id; at most 100 are allowed"
    );
    assert_eq!(
        (aside.id, aside.sources),
        (format!("checkout-{}", aside.hash), vec!["/v1/events".to_owned()])
    );
}

#[test]
fn a_conversation_of_too_many_events_is_set_aside_alone() {
    let mut events = sound();
    events.push(started("null", 10));
    events.extend((0..60).map(|n| checkout("null", &format!("k{n}"), 11 + n)));
    events.extend((0..60).map(|n| paid(&format!("p{n}"), "null", None, 100 + n)));
    let ledger = in_any_order(&events, 100);
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from conversations"), 1);
    assert_eq!(ledger.number("select count(*) from checkouts"), 1);
    assert_eq!(
        ledger.number("select count(*) from payments"),
        61,
        "payments are entities of their own"
    );
    assert_eq!(ledger.number("select sum(entered) from conversation_cells"), 1);
}

#[test]
fn a_payment_of_too_many_events_is_set_aside_alone() {
    let mut events = sound();
    for n in 0..101 {
        events.push(paid("undefined", &format!("c{n}"), None, 10 + n));
    }
    let ledger = in_any_order(&events, 100);
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from payments"), 1);
    assert_eq!(ledger.number("select count(*) from payment_attempts"), 1);
    assert_eq!(ledger.number("select count(*) from bot_days"), 1);
}

#[test]
fn a_payment_of_many_bots_on_many_days_is_set_aside_alone() {
    let mut events = sound();
    for n in 0..20 {
        let mut paid = paid("0", &format!("c{n}"), None, 86_400 * n);
        paid.bot_id = Some(format!("b{n}"));
        events.push(paid);
    }
    let ledger = in_any_order(&events, 399);
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from payments"), 1);
    assert_eq!(ledger.number("select count(*) from bot_days"), 1);
    let within = Bench::with(|config| config.limits.entity_rows = 400);
    delivered(&within, &events, 3);
    assert_eq!(within.store.quarantined(), []);
}

#[test]
fn a_payment_that_names_too_many_bots_is_set_aside_alone() {
    let naming = |bots: i64| {
        let mut events = sound();
        for n in 0..bots {
            let mut paid = paid("0", &format!("c{n}"), None, n);
            paid.bot_id = Some(format!("b{n}"));
            events.push(paid);
        }
        events
    };
    let ledger = in_any_order(&naming(33), 100_000);
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from payments"), 1);
    let reasons = ledger.rows("select reason from set_aside");
    assert_eq!(
        reasons,
        [["cannot be folded: it names 33 bots; at most 32 are allowed"]]
    );
    assert_eq!(
        in_any_order(&naming(32), 100_000).number("select count(*) from payments"),
        2
    );
}

#[test]
fn names_in_a_circle_are_one_payment() {
    for circle in [
        &["a"][..],
        &["a", "b"],
        &["a", "b", "c"],
        &["a", "b", "c", "d", "e", "f"],
    ] {
        let mut events = sound();
        for (n, name) in (0..).zip(circle) {
            let next = circle[(n + 1) % circle.len()];
            events.push(naming(next, &[name], 10 + n as i64));
            events.push(captured(name, 100, 30 + n as i64));
        }
        let ledger = in_any_order(&events, 1_000);
        is_sound(&ledger);
        // The captures of one payment without an id are one; the latest statement of the circle says nothing.
        let rows = ledger.rows("select payment_id, captured from payments where payment_id <> 'pi_sound'");
        assert_eq!(rows, [[circle[circle.len() - 1], "100"]]);
    }
}

#[test]
fn a_long_chain_of_names_is_one_payment() {
    const LONG: usize = 5_000;
    let name = |n: usize| format!("n{n}");
    let mut events = sound();
    events.extend((0..LONG).map(|n| naming(&name(n + 1), &[&name(n)], n as i64)));
    events.push(captured(&name(0), 100, 9_000));
    let ledger = in_any_order(&events, 100_000);
    is_sound(&ledger);
    let rows = ledger.rows("select payment_id, captured from payments where payment_id <> 'pi_sound'");
    assert_eq!(rows, [[name(LONG), "100".into()]]);
}

#[test]
fn a_name_that_many_payments_claim_is_the_first_one_s() {
    let mut events = sound();
    events.extend((0..2_000).map(|n| naming(&format!("p{n}"), &["null"], 10 + n)));
    events.push(captured("null", 100, 9_000));
    let ledger = in_any_order(&events, 1_000);
    is_sound(&ledger);
    let rows = ledger.rows("select payment_id from payments where captured = 100");
    assert_eq!(rows, [["p0"]]);
    assert_eq!(ledger.number("select count(*) from payments"), 2_001);
}

#[test]
fn a_payment_of_too_many_names_is_set_aside_alone() {
    let mut events = sound();
    events.extend((0..101).map(|n| naming("hub", &[&format!("p{n}")], 10 + n)));
    events.extend((0..101).map(|n| captured(&format!("p{n}"), 100, 1_000 + n)));
    let ledger = in_any_order(&events, 100);
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from payments"), 1);
}

#[test]
fn conversations_named_in_a_circle_or_a_chain_are_one() {
    for names in [
        &["a", "b", "a"][..],
        &["a", "b", "c", "a"],
        &["a", "b", "c", "d", "e", "f"],
    ] {
        let mut events = sound();
        for (n, pair) in names.windows(2).enumerate() {
            let mut moved = in_thread(event(EventType::Other, &format!("moved {n}"), 10 + n as i64), pair[1]);
            moved.aliases = vec![pair[0].into()];
            events.push(moved);
        }
        events.push(started("a", 20));
        events.push(checkout("b", "k", 21));
        events.push(paid("p", "a", None, 22));
        let ledger = in_any_order(&events, 1_000);
        is_sound(&ledger);
        let rows = ledger.rows(
            "select epoch_us(checkout_at - started_at), epoch_us(paid_at - checkout_at) from conversations \
             where conversation_id <> 'sound'",
        );
        assert_eq!(rows, [["1000000", "1000000"]], "{names:?}");
    }
}

#[test]
fn days_of_many_payments_that_each_may_be_large_are_united_before_they_are_read() {
    let mut events = sound();
    for payment in 0..40 {
        for n in 0..10 {
            let mut paid = paid(&format!("p{payment}"), &format!("c{n}"), None, 86_400 * n + payment);
            paid.bot_id = Some(format!("b{n}"));
            events.push(paid);
        }
    }
    let bench = Bench::with(|config| config.limits.entity_rows = 100);
    bench.append(events);
    let read = frames(|| bench.fold());
    assert!(
        read.iter()
            .all(|(query, rows)| query != "jobs/day_activity" || *rows <= 101),
        "of 4,000 days of payments: {read:?}"
    );
    assert_eq!(bench.store.quarantined(), []);
    let (_folder, ledger) = bench.close();
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from bot_days"), 101);
    // All are of the bot that they name first, at noon.
    let active = "select count(*), min(day), max(day) from bot_days where low <> 0 or high <> 0";
    assert_eq!(ledger.rows(active), [["11", "17056", "17065"]]);
    assert_eq!(ledger.number("select count(*) from bot_days where high = 1"), 11);
}

/// Payments, conversations and bots of which each is small and all together are many, under several names.
fn many_small() -> Vec<Event> {
    let mut events = sound();
    // Each of these payments has eight events under three names, and all name one checkout of another conversation.
    for n in 0..12 {
        let (payment, second) = (format!("p{n}"), 100 * n);
        let (first, last) = (format!("{payment} first"), format!("{payment} last"));
        events.push(naming(&payment, &[&first, &last], second));
        events.push(paid(&first, &format!("c{n}"), Some("shared"), second + 50));
        events.extend((1..7).map(|part| paid(&last, &format!("c{}", n + 1), None, second + 50 + part)));
    }
    // Each of these conversations has another name, and a checkout under each of them.
    for n in 0..13 {
        let (conversation, alias) = (format!("c{n}"), format!("c{n} before"));
        let mut moved = in_thread(event(EventType::Other, &format!("moved {n}"), 7 * n), &conversation);
        moved.aliases = vec![alias.clone()];
        events.extend([moved, started(&alias, 8 * n), checkout(&alias, "shared", 90 * n)]);
        events.extend((0..4).map(|k| checkout(&conversation, &format!("k{n}-{k}"), 95 * n + k)));
    }
    // One conversation has twenty checkouts, and twenty payments of other conversations name each of them.
    for k in 0..20 {
        let name = format!("hub {k}");
        events.push(checkout("hub", &name, 40 * k));
        events.extend((0..20).map(|n| paid(&format!("{name} {n}"), &format!("payer {n}"), Some(&name), 40 * n)));
    }
    for n in 0..100 {
        let mut updated = event(EventType::BotUpdated, &format!("updated {n}"), n);
        updated.platform = Some("web".into());
        updated.bot_id = Some(format!("b{}", n % 10));
        updated.name = Some(format!("{n}"));
        events.push(updated);
    }
    events
}

#[test]
fn what_is_too_much_at_once_is_folded_in_parts_to_the_same_facts() {
    let mut events = many_small();
    events.sort_by_key(|event| event.content % 7);
    let facts = |entity_rows: usize| {
        let bench = Bench::with(|config| config.limits.entity_rows = entity_rows);
        let mut told = Vec::new();
        let read = frames(|| {
            let stamps: Vec<DateTime<Utc>> = [&events[..500], &events[500..]]
                .into_iter()
                .map(|part| {
                    let as_of = bench.append(part.to_vec());
                    bench.fold();
                    told.extend(told.is_empty().then(|| answers(&bench.store, as_of)));
                    as_of
                })
                .collect();
            told.push(answers(&bench.store, stamps[0]));
        });
        assert_eq!(told[0], told[1], "as of the end of the first part");
        let folds = read.iter().filter(|(query, _)| query.starts_with("jobs/"));
        let most = folds.map(|(_, rows)| *rows).max().unwrap();
        assert_eq!(bench.store.quarantined(), []);
        let (_folder, ledger) = bench.close();
        (ledger.facts(), told, most)
    };
    let (whole, parts) = (facts(100_000), facts(40));
    assert!(whole.2 > 300, "{} rows are no test", whole.2);
    assert!(parts.2 <= 3 * 40, "a frame has {} rows", parts.2);
    assert!(
        whole.0 == parts.0 && whole.1 == parts.1,
        "in parts they are other facts"
    );
}

#[test]
fn what_is_set_aside_is_not_read_with_the_rest() {
    let mut events = sound();
    for n in 0..200 {
        events.push(checkout("null", &format!("k{n}"), 10 + n));
        events.push(paid(&format!("p{n}"), "null", None, 300 + n));
    }
    let bench = Bench::with(|config| config.limits.entity_rows = 40);
    bench.append(events);
    let read = frames(|| bench.fold());
    let largest = read.iter().max_by_key(|(_, rows)| *rows).unwrap();
    assert!(largest.1 <= 120, "{largest:?}");
    assert_eq!(only(&bench).kind, EntityKind::Conversation);
    let (_folder, ledger) = bench.close();
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from payments"), 201);
}

#[test]
fn a_step_that_fails_is_tried_again_with_fewer_events() {
    let bench = Bench::new();
    let commits: Vec<DateTime<Utc>> = (0..9)
        .map(|n| bench.append(vec![captured(&format!("p{n}"), 100, n)]))
        .collect();
    let (folder, ledger) = bench.close();
    // The last commit can be in no step; steps are counted as if each had a thousand events.
    let damage = "update events set provider = null where payment_id = 'p8'; update commits set events = 1000";
    ledger.0.execute_batch(damage).unwrap();
    drop(ledger);
    let bench = Bench::on(folder, |_| {});
    let clock: Clock = Arc::new(|| at(0));
    let mut turns = Turns::new(&bench.store, Instant::now()).events(9_000);
    for _ in 0..8 {
        turns.round(&bench.store, &clock, true);
    }
    // The first five go with 4,500, and three more with 2,250 at the latest.
    assert_eq!(bench.store.folded_to(), commits[7]);
}

#[test]
fn amounts_at_the_edge_of_what_can_be_counted_harm_nobody() {
    let mut events = sound();
    for n in 0..3 {
        let mut part = captured("huge", i64::MAX, 10 + n);
        part.capture_id = Some(format!("c{n}"));
        events.push(part);
        let mut back = event(EventType::TransactionRefunded, &format!("back {n}"), 20 + n);
        back.provider = Some("stripe".into());
        back.payment_id = Some("huge".into());
        back.refund_id = Some(format!("r{n}"));
        back.capture_id = Some(format!("c{n}"));
        back.amount = part_amount();
        events.push(back);
    }
    let ledger = in_any_order(&events, 1_000);
    is_sound(&ledger);
    let rows = ledger.rows("select state, captured, refunded from payments where payment_id = 'huge'");
    let most = i64::MAX.to_string();
    assert_eq!(rows, [["refunded".to_owned(), most.clone(), most]]);
}

fn part_amount() -> Option<Money> {
    captured("any", i64::MAX, 0).amount
}

/// A ledger with a statement that leads to a payment without any event of its own.
fn damaged() -> Bench {
    let bench = Bench::new();
    delivered(&bench, &sound(), 1);
    let (folder, ledger) = bench.close();
    let statement = captured("broken", 100, 0);
    let (key, nowhere) = (key(&statement.payment_id.unwrap()), key("nowhere"));
    let sql = format!("insert into payment_aliases values ({key}, {nowhere}, '2016-01-01', '2016-01-01', 's', 'i')");
    ledger.0.execute_batch(&sql).unwrap();
    drop(ledger);
    Bench::on(folder, |_| {})
}

fn key(payment: &str) -> i64 {
    botledger::model::event::entity_key(&["payment", "stripe", payment])
}

#[test]
fn what_cannot_be_folded_is_set_aside_and_the_rest_goes_on() {
    let bench = damaged();
    let as_of = bench.append(vec![captured("broken", 100, 50), captured("fine", 200, 51)]);
    bench.fold();
    let aside = only(&bench);
    assert_eq!((aside.kind, aside.rows, aside.limit), (EntityKind::Payment, 1, None));
    assert_eq!(aside.reason, "cannot be folded: payments would have no provider");
    assert_eq!(
        (aside.since, aside.program.as_str()),
        (as_of, env!("CARGO_PKG_VERSION"))
    );
    let detail = bench.store.show_set_aside(&aside.id).unwrap().unwrap();
    assert_eq!(detail.entity, aside);
    // More of it changes nothing, and it is not tried again with every event.
    bench.append(vec![captured("broken", 100, 60), captured("fine", 200, 61)]);
    bench.fold();
    assert_eq!(only(&bench), aside);
    assert!(bench.store.retry_set_aside(&aside.id).unwrap());
    bench.fold();
    let again = only(&bench);
    assert_eq!(
        (again.state, again.rows, again.since),
        (SetAsideState::SetAside, 2, as_of)
    );
    let (folder, ledger) = bench.close();
    is_sound(&ledger);
    assert_eq!(
        ledger.number("select captured from payments where payment_id = 'fine'"),
        200
    );
    assert_eq!(ledger.number("select count(*) from payments"), 2);
    // A later version knows better.
    ledger
        .0
        .execute_batch(&format!(
            "delete from payment_aliases where payment_key = {}; delete from payment_roots; \
             update fold_rules set program = '0.0.1'; update set_aside set key = {}, state = 'set_aside'",
            key("nowhere"),
            key("broken")
        ))
        .unwrap();
    drop(ledger);
    let bench = Bench::on(folder, |_| {});
    bench.fold();
    assert_eq!(bench.store.quarantined(), []);
    let (_folder, ledger) = bench.close();
    assert_eq!(
        ledger.number("select captured from payments where payment_id = 'broken'"),
        100
    );
}

#[test]
fn what_is_dropped_stays_out_until_it_is_taken_back() {
    let limited = |rows: usize| move |config: &mut botledger::config::Config| config.limits.entity_rows = rows;
    let bench = Bench::with(limited(100));
    let mut events = sound();
    events.extend((0..101).map(|n| paid("undefined", "c", None, 10 + n)));
    delivered(&bench, &events, 2);
    let aside = only(&bench);
    assert!(bench.store.drop_set_aside(&aside.id).unwrap());
    assert_eq!(only(&bench).state, SetAsideState::Dropped);
    assert!(!bench.store.drop_set_aside("payment-0000000000000000").unwrap());
    assert_eq!(bench.store.show_set_aside("payment-0000000000000000").unwrap(), None);
    bench.append(vec![paid("undefined", "c", None, 900)]);
    bench.rebuild();
    assert_eq!(only(&bench).state, SetAsideState::Dropped);
    let (folder, ledger) = bench.close();
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from payments"), 1);
    drop(ledger);
    // There would be room for it now.
    let bench = Bench::on(folder, limited(1_000));
    bench.append(vec![paid("undefined", "c", None, 901)]);
    bench.fold();
    assert_eq!(only(&bench).state, SetAsideState::Dropped);
    let detail = bench.store.show_set_aside(&aside.id).unwrap().unwrap();
    assert_eq!((detail.events, detail.parts.len()), (103, 1));
    assert_eq!(
        (&*detail.parts[0].source, &*detail.parts[0].kind),
        ("/tests", "transaction.captured")
    );
    let before = bench.store.version_at(instant("2026-02-01T00:00:00Z")).unwrap().epoch;
    assert!(bench.store.retry_set_aside(&aside.id).unwrap());
    bench.fold();
    assert_eq!(bench.store.quarantined(), []);
    let after = bench.store.version_at(instant("2026-02-01T00:00:00Z")).unwrap().epoch;
    assert_eq!(after, before + 1, "what was answered meanwhile changes");
    let (_folder, ledger) = bench.close();
    let fresh = Bench::with(limited(1_000));
    events.extend([paid("undefined", "c", None, 900), paid("undefined", "c", None, 901)]);
    delivered(&fresh, &events, 1);
    let (_other, alone) = fresh.close();
    assert!(
        ledger.facts() == alone.facts(),
        "taken back, it is as if it had never been away"
    );
}

#[test]
fn what_fails_without_any_entity_is_an_error_and_no_fault_of_those_that_are_folded() {
    let bench = Bench::new();
    delivered(&bench, &sound(), 1);
    let (folder, ledger) = bench.close();
    let sql = "alter table payments add column stranger integer default 0; \
               alter table payments alter column stranger set not null";
    ledger.0.execute_batch(sql).unwrap();
    drop(ledger);
    let bench = Bench::on(folder, |_| {});
    let folded = bench.store.folded_to();
    bench.append(vec![captured("fine", 200, 50), captured("fine too", 300, 51)]);
    let failed = bench.store.fold(1_000);
    assert!(matches!(failed, Err(StoreError::Polars(_))), "{failed:?}");
    assert_eq!((bench.store.quarantined(), bench.store.folded_to()), (vec![], folded));
}

#[test]
fn the_stop_ends_the_search_for_what_cannot_be_folded() {
    let bench = damaged();
    let folded = bench.store.folded_to();
    bench.append(vec![captured("broken", 100, 50), captured("fine", 200, 51)]);
    bench.store.begin_stop();
    let stopped = bench.store.fold(1_000);
    assert!(matches!(stopped, Err(StoreError::Stopped)), "{stopped:?}");
    assert_eq!((bench.store.quarantined(), bench.store.folded_to()), (vec![], folded));
}

#[test]
fn a_day_that_cannot_be_folded_is_left_out_and_the_rest_goes_on() {
    let bench = Bench::new();
    delivered(&bench, &sound(), 1);
    let (folder, ledger) = bench.close();
    let sql = "alter table activity_log alter column mode drop not null; \
               insert into activity_log select bot_key, null, day, low, high, received_at from activity_log";
    ledger.0.execute_batch(sql).unwrap();
    drop(ledger);
    let bench = Bench::on(folder, |_| {});
    bench.append(vec![
        started("another", 1_000),
        paid("pi_another", "another", None, 86_400),
    ]);
    bench.fold();
    assert_eq!(bench.store.quarantined(), []);
    let (_folder, ledger) = bench.close();
    is_sound(&ledger);
    // At noon and at a quarter past, and the payment of the next day.
    let days = "select day, mode, low, high from bot_days order by day";
    assert_eq!(
        ledger.rows(days),
        [["17056", "live", "0", "3"], ["17057", "live", "0", "1"]]
    );
}

#[test]
fn a_raised_limit_takes_back_what_was_set_aside() {
    let mut events = sound();
    events.extend((0..60).map(|n| checkout(&format!("c{n}"), "undefined", 10 + n)));
    events.extend((0..60).map(|n| paid(&format!("p{n}"), "paying", Some("undefined"), 10 + n)));
    events.extend((0..101).map(|n| checkout("null", &format!("k{n}"), 10 + n)));
    let bench = Bench::with(|config| config.limits.entity_rows = 100);
    delivered(&bench, &events, 3);
    assert_eq!(bench.store.quarantined().len(), 2);
    let (folder, _) = bench.close();
    let bench = Bench::on(folder, |config| config.limits.entity_rows = 200);
    bench.fold();
    assert_eq!(bench.store.quarantined(), []);
    let (_folder, ledger) = bench.close();
    let fresh = Bench::with(|config| config.limits.entity_rows = 200);
    delivered(&fresh, &events, 1);
    let (_other, alone) = fresh.close();
    assert!(ledger.facts() == alone.facts());
}

/// What a metric says of two days, or up to another `to`.
fn answer(store: &Store, as_of: DateTime<Utc>, metric: &str, more: &[(&str, &str)]) -> String {
    let mut pairs: Vec<(String, String)> = more
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect();
    pairs.push(("from".into(), "2016-09-12".into()));
    if !more.iter().any(|(name, _)| *name == "to") {
        pairs.push(("to".into(), "2016-09-14".into()));
    }
    let defaults = botledger::serve::Defaults {
        now: as_of,
        as_of,
        currency: Currency::parse("USD"),
    };
    let metric = botledger::metrics::find(metric).unwrap();
    let asked = botledger::serve::answer::question::parse(metric, &pairs, &defaults).unwrap();
    let report = botledger::serve::answer::report::answer(store, metric, &asked.question).unwrap();
    format!("{:?}", report.table.rows)
}

/// Answers of every kind as of a moment.
fn answers(store: &Store, as_of: DateTime<Utc>) -> Vec<String> {
    let questions: [(&str, &[(&str, &str)]); 8] = [
        ("payments", &[]),
        ("conversion", &[]),
        ("conversion", &[("steps", "started,checkout,paid"), ("window", "2h")]),
        ("conversion", &[("unit", "user")]),
        ("path-effect", &[]),
        ("bot-growth", &[]),
        ("bot-activity", &[]),
        ("coverage", &[]),
    ];
    questions
        .into_iter()
        .map(|(metric, more)| answer(store, as_of, metric, more))
        .collect()
}

#[test]
fn answers_as_of_an_earlier_moment_stand_when_something_is_set_aside() {
    let bench = Bench::with(|config| config.limits.entity_rows = 40);
    let mut events = sound();
    for n in 0..25 {
        // A payment, a conversation, a checkout id and a bot that become too large one after the other.
        events.push(paid("undefined", "sound", Some("k-sound"), 10 + 90 * n));
        events.push(checkout("null", &format!("k{n}"), 20 + 90 * n));
        events.push(checkout(&format!("c{n}"), "test", 30 + 90 * n));
        events.push(paid(&format!("p{n}"), &format!("c{n}"), Some("test"), 40 + 90 * n));
        let mut updated = event(EventType::BotUpdated, &format!("updated {n}"), 50 + 90 * n);
        updated.platform = Some("web".into());
        updated.bot_id = Some("shop".into());
        events.push(updated);
    }
    events.extend((0..20).map(|n| checkout("null", &format!("l{n}"), 3_000 + n)));
    events.extend((0..20).map(|n| paid("undefined", &format!("c{n}"), None, 4_000 + n)));
    for n in 0..20 {
        let mut updated = event(EventType::BotUpdated, &format!("updated again {n}"), 5_000 + n);
        updated.platform = Some("web".into());
        updated.bot_id = Some("shop".into());
        events.push(updated);
    }
    let mut told = Vec::new();
    for part in events.chunks(21) {
        let as_of = bench.append(part.to_vec());
        bench.fold();
        told.push((as_of, answers(&bench.store, as_of), bench.store.quarantined().len()));
    }
    for (as_of, before, aside) in &told {
        for (question, (before, after)) in before.iter().zip(answers(&bench.store, *as_of)).enumerate() {
            assert_eq!(
                before, &after,
                "question {question} as of {as_of}, when {aside} were set aside"
            );
        }
    }
    assert_eq!(told.last().unwrap().2, 4, "{:?}", bench.store.quarantined());
    bench.rebuild();
    for (as_of, before, _) in &told {
        assert_eq!(
            before,
            &answers(&bench.store, *as_of),
            "{as_of}, after all was folded again"
        );
    }
}

/// A statement at a second that a conversation has another name.
fn moved(conversation: &str, alias: &str, second: i64) -> Event {
    let id = format!("moved {alias} {conversation} {second}");
    let mut moved = in_thread(event(EventType::Other, &id, second), conversation);
    moved.aliases = vec![alias.into()];
    moved
}

#[test]
fn a_conversation_that_is_set_aside_is_in_no_walk_whatever_names_it_gets() {
    let bench = Bench::with(|config| config.limits.entity_rows = 10);
    let with = |user: &str, mut event: Event| {
        event.user_id = Some(user.into());
        event
    };
    let mut large: Vec<Event> = (0..11).map(|n| checkout("null", &format!("k{n}"), 20 + n)).collect();
    large.push(with("u", started("null", 10)));
    let sound: Vec<Event> = sound().into_iter().map(|event| with("v", event)).collect();
    let named = vec![
        moved("early", "null", 1),
        started("early", 12),
        checkout("early", "k", 13),
    ];
    let mut as_of = at(0);
    for part in [sound, large, named] {
        as_of = bench.append(part);
        bench.fold();
    }
    assert_eq!(
        bench.store.quarantined().len(),
        2,
        "it and the one that has got its name"
    );
    for unit in ["conversation", "user"] {
        let asked = [("steps", "started,checkout"), ("window", "2h"), ("unit", unit)];
        let rows = answer(&bench.store, as_of, "conversion", &asked);
        for step in ["started", "checkout"] {
            let only = format!("Text(\"{step}\"), Int(1), Int(1)");
            assert!(
                rows.contains(&only),
                "{unit}, {step}: only the sound one enters: {rows}"
            );
        }
    }
}

#[test]
fn ids_that_are_no_ids_and_what_is_set_aside_are_told_by_source() {
    let mut app = TestApp::with(|config| config.limits.entity_rows = 5);
    let mut lines = vec![events::bot_registered("shop"), events::checkout("shop", "c1", "k1")];
    for n in 0..6 {
        let one = events::checkout("shop", "undefined", &format!("k{n}")).with("user_id", "NULL");
        lines.push(one);
    }
    lines.push(events::captured("00000000-0000-0000-0000-000000000000", "5.00", "USD"));
    app.client.post_lines(&events::lines(&lines)).expect_status(200);
    app.wait_folded();
    let check = |app: &TestApp| {
        let told = app.client.get("/v1/sources").expect_status(200).json();
        let native = told["sources"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["address"] == "/v1/events")
            .unwrap();
        let counts = json!([
            {"field": "data.conversation_id", "count": 6},
            {"field": "data.payment_id", "count": 1},
            {"field": "data.user_id", "count": 6},
        ]);
        assert_eq!((&native["no_ids"], &native["set_aside"]), (&counts, &json!(1)));
        let no_id = "held a text that is no id, such as `undefined`, `null`, `0` or `test`";
        let warned = |field, times| format!("`data.{field}` {no_id}, {times}: all that share one count as one");
        let aside = "`GET /v1/quarantine` says why";
        let warnings = [
            warned("conversation_id", "6 times"),
            warned("payment_id", "once"),
            warned("user_id", "6 times"),
            format!("1 of its payments, conversations, checkouts and bots is set aside and in no answer; {aside}"),
        ];
        assert_eq!(native["warnings"], json!(warnings));
        let page = app.client.get("/").expect_status(200).text();
        for warning in warnings {
            let html: String = warning
                .split('`')
                .enumerate()
                .map(|(n, part)| match n % 2 {
                    1 => format!("<code>{part}</code>"),
                    _ => part.to_owned(),
                })
                .collect();
            assert!(page.contains(&html), "{html}");
        }
        assert_eq!(told["set_aside"][0]["kind"], "conversation");
        let jobs = app.client.get("/v1/jobs").expect_status(200).json();
        let fold = jobs["jobs"]
            .as_array()
            .unwrap()
            .iter()
            .find(|job| job["name"] == "fold")
            .unwrap();
        assert_eq!(fold["set_aside"]["count"], 1);
        assert_eq!(fold["last_error"], Value::Null);
        let reason = &fold["set_aside"]["entities"][0]["reason"];
        assert_eq!(reason, "6 events and payments; one conversation may have at most 5");
    };
    check(&app);
    app.restart();
    check(&app);
}

#[test]
fn a_user_id_that_everybody_shares_is_walked_in_one_pass() {
    // A user enters in each hour and reaches the step in the next one: of 500 × 500 pairs each entry has one.
    let bench = Bench::new();
    let mut all = Vec::new();
    for n in 0..500 {
        let with = |mut event: Event| {
            event.user_id = Some("undefined".into());
            event
        };
        all.push(with(started(&format!("c{n}"), 3_600 * n)));
        all.push(with(checkout(&format!("c{n}"), &format!("k{n}"), 3_600 * n + 1_800)));
        all.push(with(checkout(&format!("c{n}"), &format!("l{n}"), 3_600 * n + 1_800)));
    }
    let as_of = bench.append(all);
    bench.fold();
    let steps = "started,checkout,checkout";
    let asked = [
        ("unit", "user"),
        ("interval", "hour"),
        ("to", "2016-09-20"),
        ("steps", steps),
        ("window", "1h"),
    ];
    let rows = answer(&bench.store, as_of, "conversion", &asked);
    for dimension in ["path", "provider"] {
        let grouped = answer(
            &bench.store,
            as_of,
            "conversion",
            &[&asked[..], &[("group_by", dimension)]].concat(),
        );
        assert!(grouped.len() > rows.len());
    }
    let plain = [("steps", "started,checkout"), ("group_by", "path"), ("interval", "day")];
    assert!(answer(&bench.store, as_of, "conversion", &plain).contains("in_thread"));
    // Both checkouts of one moment are steps, each once.
    assert_eq!(
        rows.matches("Int(1), Int(1), Int(0), Int(0)").count(),
        3 * (500 - 320),
        "{rows}"
    );
}

/// Checks that what was answered as of a moment is answered after more events too.
fn stands(bench: &Bench, first: Vec<Event>, then: Vec<Event>) {
    let as_of = bench.append(first);
    bench.fold();
    let before = answers(&bench.store, as_of);
    bench.append(then);
    bench.fold();
    assert_eq!(before, answers(&bench.store, as_of));
    bench.rebuild();
    assert_eq!(before, answers(&bench.store, as_of), "after all was folded again");
}

fn updates(count: i64) -> impl Iterator<Item = Event> {
    (0..count).map(|n| {
        let mut updated = event(EventType::BotUpdated, &format!("updated {n}"), 50 + n);
        updated.platform = Some("web".into());
        updated.bot_id = Some("shop".into());
        updated
    })
}

fn small_bench() -> Bench {
    Bench::with(|config| config.limits.entity_rows = 40)
}

#[test]
fn an_earlier_answer_stands_when_a_payment_becomes_a_name_of_one_that_is_set_aside() {
    let bench = small_bench();
    let mut first = sound();
    first.extend((0..41).map(|n| paid("undefined", "c", None, 10 + n)));
    stands(&bench, first, vec![naming("undefined", &["pi_sound"], 900)]);
    let (_folder, ledger) = bench.close();
    assert_eq!(ledger.number("select count(*) from payments"), 0);
}

#[test]
fn an_earlier_answer_stands_when_what_is_set_aside_becomes_a_name_of_a_payment() {
    let bench = small_bench();
    let mut first = sound();
    first.extend((0..41).map(|n| paid("undefined", "c", None, 10 + n)));
    stands(&bench, first.clone(), vec![naming("pi_sound", &["undefined"], 900)]);
    // It is no fact any more, and named as such.
    let noted = |bench: &Bench| {
        let id = format!("payment-{:016x}", key("pi_sound"));
        bench.store.quarantined().iter().any(|one| one.id == id)
    };
    assert!(noted(&bench), "{:?}", bench.store.quarantined());
    let bench = small_bench();
    first.push(naming("pi_sound", &["undefined"], 900));
    delivered(&bench, &first, 4);
    assert!(noted(&bench), "{:?}", bench.store.quarantined());
}

#[test]
fn an_earlier_answer_stands_when_a_conversation_joins_one_that_is_set_aside() {
    for (alias, of) in [("sound", "null"), ("null", "sound")] {
        let bench = small_bench();
        let mut first = sound();
        first.extend((0..41).map(|n| checkout("null", &format!("k{n}"), 10 + n)));
        let mut moved = in_thread(event(EventType::Other, "moved", 900), of);
        moved.aliases = vec![alias.into()];
        stands(&bench, first, vec![moved]);
        let (_folder, ledger) = bench.close();
        assert_eq!(
            ledger.number("select count(*) from conversations where conversation_id = 'sound'"),
            0
        );
    }
}

#[test]
fn an_earlier_answer_stands_when_a_bot_that_was_only_mentioned_is_set_aside() {
    stands(&small_bench(), sound(), updates(41).collect());
}

#[test]
fn a_name_that_leaves_what_is_set_aside_takes_its_events_along() {
    let moved = |id: &str, of: &str, alias: &str, second: i64| {
        let mut moved = in_thread(event(EventType::Other, id, second), of);
        moved.aliases = vec![alias.into()];
        moved
    };
    let mut events = vec![started("two", 5), moved("to one", "one", "two", 800)];
    events.extend((0..41).map(|n| checkout("one", &format!("k{n}"), 10 + n)));
    events.extend(sound());
    events.push(started("three", 200));
    // Stated later, but about an earlier time.
    events.push(moved("to three", "three", "two", 700));
    let ledger = in_any_order(&events, 40);
    is_sound(&ledger);
    let begun = "select epoch_us(started_at) from conversations where conversation_id <> 'sound'";
    assert_eq!(ledger.rows(begun), [[at(5).timestamp_micros().to_string()]]);
    let bench = small_bench();
    let (first, later) = events.split_at(46);
    bench.append(first.to_vec());
    bench.fold();
    for event in later {
        bench.append(vec![event.clone()]);
        bench.fold();
    }
    let (_folder, other) = bench.close();
    assert!(other.facts() == ledger.facts());
}

#[test]
fn checkouts_of_conversations_that_are_set_aside_count_whenever_these_came() {
    let mut events = sound();
    for c in 0..6 {
        let conversation = format!("c{c}");
        events.push(checkout(&conversation, "shared", 10 + c));
        events.extend((0..11).map(|n| checkout(&conversation, &format!("k{n}"), 100 * c + n)));
    }
    events.extend((0..6).map(|n| checkout(&format!("d{n}"), "shared", 2_000 + n)));
    let ledger = in_any_order(&events, 10);
    is_sound(&ledger);
    assert_eq!(ledger.number("select count(*) from checkouts"), 1);
}

#[test]
fn users_do_not_walk_through_a_conversation_that_is_set_aside() {
    let of_user = |mut event: Event| {
        event.user_id = Some("u".into());
        event
    };
    let mut events: Vec<Event> = sound();
    events.push(of_user(started("c", 4)));
    let alone = small_bench();
    let as_of = alone.append(events.clone());
    alone.fold();
    events.extend((0..41).map(|n| of_user(checkout("null", &format!("k{n}"), 10 + n))));
    let bench = small_bench();
    bench.append(events);
    bench.fold();
    assert_eq!(bench.store.quarantined().len(), 1);
    let asked = [("unit", "user"), ("steps", "started,checkout")];
    assert_eq!(
        answer(&bench.store, as_of, "conversion", &asked),
        answer(&alone.store, as_of, "conversion", &asked)
    );
}

#[test]
fn what_is_found_again_has_been_set_aside_since_then() {
    let bench = small_bench();
    bench.append((0..41).map(|n| paid("undefined", "c", None, 10 + n)).collect());
    bench.fold();
    let before = only(&bench);
    bench.append(sound());
    bench.fold();
    bench.append(vec![paid("undefined", "c", None, 900)]);
    bench.fold();
    bench.rebuild();
    let after = only(&bench);
    assert_eq!(
        (after.since, after.first_received),
        (before.since, before.first_received)
    );
}

#[test]
fn other_rules_of_the_same_version_try_again_what_is_set_aside() {
    let bench = damaged();
    bench.append(vec![captured("broken", 100, 50)]);
    bench.fold();
    let (folder, ledger) = bench.close();
    let version = env!("CARGO_PKG_VERSION");
    ledger
        .0
        .execute_batch(&format!("update fold_rules set program = '{version}'"))
        .unwrap();
    drop(ledger);
    let bench = Bench::on(folder, |_| {});
    assert_eq!(only(&bench).state, SetAsideState::Retry);
}
