//! What a payment, a checkout and a conversation have from their bot and from their conversation, in every metric
//! that counts them; worked out by hand.

use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::events::{Draft, captured, checkout, conversation, lines};

const RANGE: &str = "from=2016-07-01&to=2016-08-01";

fn registered(bot: &str, category: &str, developer: &str) -> Draft {
    crate::support::events::bot_registered(bot)
        .with("category", category)
        .with("developer_id", developer)
}

fn of_bot(draft: Draft, bot: &str) -> Draft {
    draft.with("platform", "messenger").with("bot_id", bot)
}

fn failed(payment: &str) -> Draft {
    Draft::new(
        "transaction.failed",
        serde_json::json!({"provider": "stripe", "payment_id": payment, "failure_kind": "issuer",
                           "amount": {"value": "10.00", "currency": "USD"}}),
    )
}

/// Two bots, news of developer ann and a shop of developer bob. The news has a conversation from an ad with a checkout
/// that is paid, and one from a search whose attempt is declined. The shop has a checkout by a conversation that does
/// not say how it came about, and a payment without a conversation. One payment belongs to nobody.
fn world() -> Vec<Draft> {
    let talk = |draft: Draft, talk: &str| draft.with("conversation_id", talk);
    vec![
        registered("news", "news", "ann"),
        registered("shop", "retail", "bob"),
        conversation("news", "c1").with("acquisition", "ad"),
        checkout("news", "c1", "k1"),
        talk(of_bot(captured("p1", "10.00", "USD"), "news"), "c1"),
        conversation("news", "c2").with("acquisition", "search"),
        talk(of_bot(failed("p2"), "news"), "c2"),
        conversation("shop", "c3"),
        checkout("shop", "c3", "k3"),
        of_bot(captured("p4", "10.00", "USD"), "shop"),
        captured("p5", "10.00", "USD"),
    ]
}

fn loaded() -> TestApp {
    let app = TestApp::start();
    let world = world();
    assert_eq!(app.client.post_events(&lines(&world)).accepted, world.len() as u64);
    app.wait_folded();
    app
}

/// The groups of an answer, each with a figure; several rows of a group are added up.
fn told(app: &TestApp, metric: &str, dimension: &str, column: &str, more: &str) -> Vec<(Value, i64)> {
    let question = format!("/v1/metrics/{metric}?{RANGE}&group_by={dimension}{more}");
    let answer = app.client.get_json(&question);
    let mut found: Vec<(Value, i64)> = Vec::new();
    for row in answer["rows"].as_array().unwrap() {
        let count = row[column].as_i64().unwrap_or(0);
        match found.iter_mut().find(|(value, _)| *value == row[dimension]) {
            Some((_, sum)) => *sum += count,
            None => found.push((row[dimension].clone(), count)),
        }
    }
    found
}

fn groups(wanted: &[(Option<&str>, i64)]) -> Vec<(Value, i64)> {
    let group = |(value, count): &(Option<&str>, i64)| (Value::from(value.map(str::to_owned)), *count);
    wanted.iter().map(group).collect()
}

#[test]
fn a_payment_has_the_category_and_the_developer_of_its_bot() {
    let app = loaded();
    for (dimension, one, other) in [("category", "news", "retail"), ("developer", "ann", "bob")] {
        let all = groups(&[(Some(one), 1), (Some(other), 1), (None, 1)]);
        for metric in ["payments", "provider-share", "coverage"] {
            assert_eq!(
                told(&app, metric, dimension, "payments", ""),
                all,
                "{metric} {dimension}"
            );
            let only = format!("&{dimension}={one}");
            assert_eq!(
                told(&app, metric, dimension, "payments", &only),
                groups(&[(Some(one), 1)])
            );
            let without = format!("&{dimension}!={one}");
            let rest = groups(&[(Some(other), 1), (None, 1)]);
            assert_eq!(
                told(&app, metric, dimension, "payments", &without),
                rest,
                "rows without one stay"
            );
        }
        let attempts = groups(&[(Some(one), 2), (Some(other), 1), (None, 1)]);
        assert_eq!(told(&app, "payments", dimension, "attempt_approval_n", ""), attempts);
        assert_eq!(told(&app, "change", dimension, "n", ""), attempts);
        let decided = told(&app, "change", dimension, "n", "&of=payment_success");
        assert_eq!(decided, attempts);
        assert_eq!(
            told(&app, "declines", dimension, "attempts", ""),
            groups(&[(Some(one), 1)])
        );
    }
}

#[test]
fn a_payment_has_the_acquisition_of_its_conversation_and_without_one_none() {
    let app = loaded();
    for metric in ["payments", "provider-share", "coverage"] {
        let all = groups(&[(Some("ad"), 1), (None, 2)]);
        let told = |more: &str| told(&app, metric, "acquisition", "payments", more);
        let paid = |more: &str| -> Vec<(Value, i64)> {
            told(more).into_iter().filter(|(_, payments)| *payments > 0).collect()
        };
        assert_eq!(paid(""), all, "{metric}");
        assert_eq!(paid("&acquisition!=ad"), groups(&[(None, 2)]));
        assert_eq!(paid("&acquisition=ad,link"), groups(&[(Some("ad"), 1)]));
    }
    assert_eq!(
        told(&app, "declines", "acquisition", "attempts", ""),
        groups(&[(Some("search"), 1)])
    );
    let attempts = groups(&[(Some("ad"), 1), (Some("search"), 1), (None, 2)]);
    assert_eq!(told(&app, "change", "acquisition", "n", ""), attempts);
}

#[test]
fn a_checkout_has_them_too() {
    let app = loaded();
    let both = |dimension: &str, wanted: &[(Option<&str>, i64)]| {
        let rate = told(&app, "payments", dimension, "checkout_conversion_n", "");
        let rate: Vec<_> = rate.into_iter().filter(|(_, checkouts)| *checkouts > 0).collect();
        assert_eq!(rate, groups(wanted), "{dimension}");
        // Both checkouts are in the thread and saved, so each is in three comparisons.
        let arms = told(&app, "path-effect", dimension, "n", "");
        let three: Vec<_> = wanted
            .iter()
            .map(|(value, checkouts)| (*value, 3 * checkouts))
            .collect();
        assert_eq!(arms, groups(&three), "{dimension}");
    };
    both("category", &[(Some("news"), 1), (Some("retail"), 1)]);
    both("developer", &[(Some("ann"), 1), (Some("bob"), 1)]);
    both("acquisition", &[(Some("ad"), 1), (None, 1)]);
}

#[test]
fn a_funnel_is_split_by_them_in_every_way_that_it_is_counted() {
    let app = loaded();
    for more in ["", "&window=2h", "&unit=user", "&steps=started,checkout"] {
        let steps = if more.starts_with("&steps") { 2 } else { 3 };
        let entered = |dimension: &str, filter: &str| {
            let told = told(&app, "conversion", dimension, "entered", &format!("{more}{filter}"));
            let entered = told.into_iter().map(|(value, entered)| (value, entered / steps));
            entered.collect::<Vec<_>>()
        };
        if more == "&unit=user" {
            // Nobody is named.
            assert_eq!(entered("category", ""), groups(&[(None, 0)]));
            continue;
        }
        assert_eq!(
            entered("category", ""),
            groups(&[(Some("news"), 2), (Some("retail"), 1)])
        );
        assert_eq!(entered("developer", "&developer!=ann"), groups(&[(Some("bob"), 1)]));
        assert_eq!(entered("developer", "&category=news"), groups(&[(Some("ann"), 2)]));
    }
}

#[test]
fn a_bot_can_be_asked_for_where_bots_are_counted() {
    let app = loaded();
    let both = groups(&[(Some("news"), 1), (Some("shop"), 1)]);
    for metric in ["bot-growth", "bot-activation"] {
        assert_eq!(told(&app, metric, "bot", "registered", ""), both, "{metric}");
        assert_eq!(
            told(&app, metric, "bot", "registered", "&bot=shop"),
            groups(&[(Some("shop"), 1)])
        );
        assert_eq!(
            told(&app, metric, "bot", "registered", "&bot!=shop"),
            groups(&[(Some("news"), 1)])
        );
    }
}

#[test]
fn a_bot_that_changes_its_category_takes_its_payments_along_and_the_past_stays_as_it_was() {
    let app = loaded();
    let before = app.client.get_json(&format!("/v1/metrics/payments?{RANGE}"));
    let as_of = before["query"]["as_of"].as_str().unwrap().replace('+', "%2B");
    app.clock.advance(chrono::TimeDelta::hours(1));
    let update = Draft::new(
        "bot.updated",
        serde_json::json!({"platform": "messenger", "bot_id": "news", "category": "games"}),
    );
    assert_eq!(
        app.client
            .post_events(&lines(&[update.at("2016-07-02T00:00:00Z")]))
            .accepted,
        1
    );
    app.wait_folded();
    for (metric, column) in [
        ("payments", "payments"),
        ("coverage", "payments"),
        ("conversion", "entered"),
    ] {
        let first = |more: &str| told(&app, metric, "category", column, more)[0].0.clone();
        assert_eq!(first(""), "games", "{metric}");
        assert_eq!(first(&format!("&as_of={as_of}")), "news", "{metric}");
    }
}
