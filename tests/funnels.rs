//! Funnels of any steps, by conversation and by user: rules on events made for them, and laws on generated data.

mod laws;

use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::events::{Draft, captured, checkout, conversation, lines};

/// The answered rows, each as its step, entered, reached, dropped and open.
fn steps(app: &TestApp, query: &str) -> Vec<(String, [i64; 4])> {
    let answer = app
        .client
        .get_json(&format!("/v1/metrics/conversion?from=2016-07-01&to=2016-08-01&{query}"));
    let count = |row: &Value, name: &str| row[name].as_i64().unwrap_or(-1);
    let figures = |row: &Value| ["entered", "reached", "dropped", "open"].map(|name| count(row, name));
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["step"].as_str().unwrap().to_owned(), figures(row)))
        .collect()
}

fn reached(app: &TestApp, query: &str) -> Vec<i64> {
    steps(app, query).iter().map(|(_, figures)| figures[1]).collect()
}

fn filled(events: &[Draft]) -> TestApp {
    let app = TestApp::start();
    assert_eq!(app.client.post_events(&lines(events)).accepted, events.len() as u64);
    app.wait_folded();
    app
}

fn event(kind: &str, conversation: &str, time: &str) -> Draft {
    let data = json!({"platform": "messenger", "bot_id": "shop", "conversation_id": conversation});
    let draft = Draft::new(kind, data).at(&format!("2016-07-{time}Z"));
    if kind == "conversation.message" {
        return draft.with("direction", "in");
    }
    draft
}

fn started(name: &str, user: &str, time: &str) -> Draft {
    let draft = conversation("shop", name).at(&format!("2016-07-{time}Z"));
    if user.is_empty() {
        draft
    } else {
        draft.with("user_id", user)
    }
}

#[test]
fn what_cannot_be_a_step_is_refused_with_the_reason() {
    let app = TestApp::start();
    let refusal = |query: &str| {
        let reply = app.client.get(&format!("/v1/metrics/conversion?{query}"));
        let text = reply.text();
        (reply.problem(400, "invalid_parameter"), text)
    };
    for kind in ["bot.registered", "bot.retired", "other"] {
        let (field, text) = refusal(&format!("steps=started,{kind}"));
        assert_eq!(field, "steps");
        assert!(
            text.contains(kind) && text.contains("names neither a conversation nor a user"),
            "{text}"
        );
    }
    for list in ["started,nonsense", "started,,paid", "transaction.paid", "Started"] {
        let (field, text) = refusal(&format!("steps={list}"));
        assert!(field == "steps" && text.contains("product.viewed"), "{text}");
    }
    let many = vec!["started"; 17].join(",");
    assert_eq!(refusal(&format!("steps={many}")).0, "steps");
    assert_eq!(refusal("unit=bot").0, "unit");
    assert_eq!(refusal("steps=started&steps=nonsense").0, "steps");
    assert_eq!(refusal("unit=user&unit=user").0, "unit");
}

#[test]
fn every_other_type_is_a_step_and_long_names_are_told_short() {
    let app = TestApp::start();
    let list = "conversation.started,conversation.message,catalog.viewed,product.viewed,cart.updated,\
                checkout.started,transaction.initiated,transaction.requires_action,transaction.authorized,\
                transaction.captured,transaction.failed,transaction.cancelled,transaction.refunded,\
                transaction.disputed,transaction.dispute_closed,transaction.reversed";
    let named: Vec<String> = steps(&app, &format!("steps={list}"))
        .into_iter()
        .map(|row| row.0)
        .collect();
    assert_eq!(named.len(), 16);
    assert_eq!([&named[0], &named[2], &named[5]], ["started", "catalog", "checkout"]);
    assert_eq!(named[15], "transaction.reversed");
    let alone = steps(&app, "steps=conversation.ended&unit=user");
    assert_eq!(alone, [("conversation.ended".to_owned(), [0; 4])]);
}

#[test]
fn a_step_counts_at_the_same_time_as_the_one_before_and_not_earlier() {
    let app = filled(&[
        started("c1", "", "01T10:00:00"),
        event("cart.updated", "c1", "01T10:05:00"),
        event("product.viewed", "c1", "01T10:05:00"),
        started("c2", "", "02T10:00:00"),
        event("cart.updated", "c2", "02T10:04:59"),
        event("product.viewed", "c2", "02T10:05:00"),
    ]);
    assert_eq!(reached(&app, "steps=started,product.viewed,cart.updated"), [2, 2, 1]);
    assert_eq!(reached(&app, "steps=started,cart.updated,product.viewed"), [2, 2, 2]);
}

#[test]
fn the_window_runs_from_the_entry_and_its_end_belongs_to_it() {
    let app = filled(&[
        event("product.viewed", "c1", "01T10:00:00"),
        event("cart.updated", "c1", "01T10:59:00"),
        event("conversation.ended", "c1", "01T11:00:00"),
        event("product.viewed", "c2", "31T23:30:00"),
        event("cart.updated", "c2", "31T23:45:00"),
        event("conversation.ended", "c2", "31T23:59:00").at("2016-08-01T00:30:00.000001Z"),
    ]);
    let funnel = "steps=product.viewed,cart.updated,conversation.ended";
    assert_eq!(reached(&app, &format!("{funnel}&window=60m")), [2, 2, 1]);
    assert_eq!(
        reached(&app, &format!("{funnel}&window=61m")),
        [2, 2, 2],
        "past the end of the range too"
    );
}

#[test]
fn a_conversation_enters_once_with_its_first_event_of_the_first_step_ever() {
    let app = filled(&[
        event("product.viewed", "c1", "01T10:00:00").at("2016-06-30T23:59:59Z"),
        event("product.viewed", "c1", "02T10:00:00"),
        event("product.viewed", "c2", "03T10:00:00"),
        event("product.viewed", "c2", "04T10:00:00"),
    ]);
    assert_eq!(reached(&app, "steps=product.viewed,cart.updated"), [1, 0]);
    let days = reached(&app, "steps=product.viewed&interval=day");
    assert_eq!((days.len(), days.iter().sum::<i64>(), days[2]), (31, 1, 1));
}

#[test]
fn a_user_enters_in_each_bucket_with_the_first_event_in_it() {
    let app = filled(&[
        started("c1", "u1", "01T10:00:00"),
        started("c2", "u1", "01T11:00:00"),
        checkout("shop", "c2", "k2").at("2016-07-01T11:05:00Z"),
        started("c3", "u1", "05T10:00:00"),
        started("c4", "u2", "05T11:00:00"),
        started("c5", "", "05T12:00:00"),
    ]);
    assert_eq!(reached(&app, "unit=user"), [2, 1, 0]);
    let days = steps(&app, "unit=user&interval=day&steps=started,checkout");
    assert_eq!(days[0].1[..2], [1, 1]);
    assert_eq!(
        days[1].1[..2],
        [1, 1],
        "65 minutes after the entry, in another conversation"
    );
    assert_eq!(days[8].1[..2], [2, 2]);
    assert_eq!(days[9].1, [2, 0, 2, 0]);
    assert_eq!(reached(&app, "steps=started,checkout&unit=conversation"), [5, 1]);
}

#[test]
fn an_event_without_a_user_is_its_conversations_users() {
    let app = filled(&[
        event("product.viewed", "c1", "01T10:01:00"),
        event("conversation.message", "c1", "01T10:02:00"),
        started("c1", "u1", "01T10:00:00"),
        event("product.viewed", "c2", "01T10:01:00"),
    ]);
    assert_eq!(
        reached(&app, "unit=user&steps=started,product.viewed,conversation.message"),
        [1, 1, 1]
    );
    assert_eq!(
        reached(&app, "unit=user&steps=product.viewed"),
        [1],
        "nobody is known in c2"
    );
}

#[test]
fn a_step_of_a_payment_is_where_the_payment_belongs() {
    let refund = |time: &str| {
        let amount = json!({"value": "5.00", "currency": "USD"});
        let data = json!({"provider": "stripe", "payment_id": "p1", "refund_id": "r1"});
        Draft::new("transaction.refunded", data).with("amount", amount).at(time)
    };
    let app = filled(&[
        started("c1", "u1", "01T10:00:00"),
        started("c2", "u2", "01T10:00:00"),
        checkout("shop", "c1", "k1").at("2016-07-01T10:05:00Z"),
        captured("p1", "20.00", "USD")
            .with("platform", "messenger")
            .with("bot_id", "shop")
            .with("conversation_id", "c1")
            .with("user_id", "u1")
            .at("2016-07-01T10:06:00Z"),
        // A later fact names another conversation: the payment stays where it belongs.
        captured("p1", "20.00", "USD")
            .with("platform", "messenger")
            .with("bot_id", "shop")
            .with("conversation_id", "c2")
            .at("2016-07-01T10:07:00Z"),
        refund("2016-07-01T12:00:00Z"),
    ]);
    let funnel = "steps=started,transaction.captured,transaction.refunded&group_by=bot";
    assert_eq!(reached(&app, funnel), [2, 1, 1]);
    assert_eq!(reached(&app, &format!("{funnel}&unit=user")), [2, 1, 1]);
}

#[test]
fn a_type_that_stands_twice_wants_two_events() {
    let app = filled(&[
        started("c1", "", "01T10:00:00"),
        event("product.viewed", "c1", "01T10:01:00"),
        event("cart.updated", "c1", "01T10:01:00"),
        started("c2", "", "01T10:00:00"),
        event("product.viewed", "c2", "01T10:01:00"),
        event("cart.updated", "c2", "01T10:01:00"),
        event("product.viewed", "c2", "01T10:01:00"),
        event("product.viewed", "c2", "01T10:30:00"),
    ]);
    let twice = steps(&app, "steps=started,product.viewed,product.viewed");
    let told: Vec<(&str, i64)> = twice
        .iter()
        .map(|(name, figures)| (name.as_str(), figures[1]))
        .collect();
    assert_eq!(told, [("started", 2), ("product.viewed", 2), ("product.viewed 2", 1)]);
    assert_eq!(
        reached(&app, "steps=product.viewed,cart.updated,product.viewed,product.viewed"),
        [2, 2, 1, 1]
    );
    assert_eq!(
        reached(
            &app,
            "steps=product.viewed,product.viewed,product.viewed,product.viewed"
        ),
        [2, 1, 1, 0]
    );
}

#[test]
fn an_open_unit_is_told_apart_also_when_it_has_arrived() {
    let app = TestApp::start();
    app.clock.set("2016-07-10T12:00:00Z");
    let events = [
        started("c1", "", "09T11:00:00"),
        started("c2", "", "09T13:00:00"),
        event("product.viewed", "c2", "09T13:30:00"),
        started("c3", "", "10T11:00:00"),
    ];
    app.client.post_events(&lines(&events));
    app.wait_folded();
    assert_eq!(
        steps(&app, "steps=started,product.viewed"),
        [
            ("started".to_owned(), [3, 1, 0, 2]),
            ("product.viewed".to_owned(), [3, 0, 1, 2])
        ]
    );
    let answer = app
        .client
        .get_json("/v1/metrics/conversion?from=2016-07-01&to=2016-08-01&steps=started,product.viewed");
    assert_eq!(
        (&answer["rows"][0]["open_reached"], &answer["rows"][1]["open_reached"]),
        (&2.into(), &1.into())
    );
}

#[test]
fn a_path_splits_where_the_funnel_first_knows_it() {
    let app = filled(&[
        started("c1", "u1", "01T10:00:00"),
        checkout("shop", "c1", "k1").at("2016-07-01T10:05:00Z"),
        captured("p1", "20.00", "USD")
            .with("platform", "messenger")
            .with("bot_id", "shop")
            .with("conversation_id", "c1")
            .with("user_id", "u1")
            .at("2016-07-01T10:06:00Z"),
        started("c2", "u2", "01T10:00:00"),
    ]);
    for unit in ["conversation", "user"] {
        let entered = |query: &str| -> Vec<[i64; 2]> {
            let rows = steps(&app, &format!("unit={unit}&{query}"));
            rows.iter().map(|(_, figures)| [figures[0], figures[1]]).collect()
        };
        // First the row of in_thread, then that without a path; -1 is null.
        assert_eq!(
            entered("group_by=path&steps=started,transaction.captured"),
            [[-1, -1], [1, 1], [2, 2], [1, 0]]
        );
        assert_eq!(entered("group_by=path&steps=checkout,paid"), [[1, 1], [1, 1]]);
        assert_eq!(entered("path=in_thread&steps=started,checkout"), [[-1, -1], [1, 1]]);
        assert_eq!(
            entered("group_by=provider&steps=checkout,paid"),
            [[-1, -1], [1, 1], [1, 1], [0, 0]]
        );
        let never = format!("unit={unit}&from=2016-07-01&to=2016-08-01&steps=started,product.viewed&group_by=path");
        let answer = app.client.get_json(&format!("/v1/metrics/conversion?{never}"));
        assert!(answer["meta"]["warnings"][0].as_str().unwrap().contains("has a path"));
        assert_eq!(answer["rows"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn what_a_filter_leaves_out_counts_until_the_funnel_knows_it() {
    let app = filled(&[
        started("c1", "u1", "01T10:00:00"),
        checkout("shop", "c1", "k1").at("2016-07-01T10:05:00Z"),
        captured("p1", "20.00", "USD")
            .with("platform", "messenger")
            .with("bot_id", "shop")
            .with("conversation_id", "c1")
            .with("user_id", "u1")
            .at("2016-07-01T10:06:00Z"),
        started("c2", "u2", "01T10:00:00"),
        checkout("shop", "c2", "k2")
            .with("path", "redirect")
            .at("2016-07-01T10:10:00Z"),
        started("c3", "u3", "01T10:00:00"),
    ]);
    for unit in ["conversation", "user"] {
        let entered = |query: &str| -> Vec<[i64; 2]> {
            let rows = steps(&app, &format!("unit={unit}&{query}"));
            rows.iter().map(|(_, figures)| [figures[0], figures[1]]).collect()
        };
        // c3 has no path and stays at every step; c2 goes where its path is known.
        assert_eq!(entered("path!=redirect"), [[3, 3], [2, 1], [2, 1]]);
        assert_eq!(entered("path!=in_thread&group_by=bot"), [[3, 3], [2, 1], [2, 0]]);
        assert_eq!(entered("path!=in_thread,redirect"), [[3, 3], [1, 0], [1, 0]]);
        assert_eq!(entered("provider!=stripe"), [[3, 3], [3, 2], [2, 0]]);
        // First the row of in_thread, then that without a path; -1 is null.
        assert_eq!(
            entered("path!=redirect&group_by=path"),
            [[-1, -1], [1, 1], [1, 1], [3, 3], [1, 0], [1, 0]]
        );
        assert_eq!(
            entered("path=in_thread,redirect&path!=redirect"),
            [[-1, -1], [1, 1], [1, 1]]
        );
        assert_eq!(entered("path=redirect&provider!=stripe"), [[-1, -1], [1, 1], [1, 0]]);
        // The first step knows the path here, and no step does there.
        assert_eq!(entered("steps=checkout,paid&path!=redirect"), [[1, 1], [1, 1]]);
        assert_eq!(entered("steps=started,product.viewed&path!=redirect"), [[3, 3], [3, 0]]);
        for (filter, seconds, from_checkout) in [("redirect", 300.0, 1.0), ("in_thread", 600.0, 0.0)] {
            let answer = app.client.get_json(&format!(
                "/v1/metrics/conversion?from=2016-07-01&to=2016-08-01&unit={unit}&path!={filter}"
            ));
            let rows = &answer["rows"];
            for column in ["median_seconds", "p90_seconds", "seconds_from_previous"] {
                assert_eq!(rows[1][column], seconds, "{column} of {unit}");
            }
            assert!(rows[1]["rate_from_previous"].is_null(), "started counts other units");
            assert_eq!(rows[2]["rate_from_previous"], from_checkout);
        }
    }
}

#[test]
fn a_test_checkout_is_in_the_funnel_of_tests_with_what_led_to_it() {
    let app = filled(&[
        started("c1", "u1", "01T10:00:00"),
        event("product.viewed", "c1", "01T10:01:00"),
        checkout("shop", "c1", "k1")
            .with("mode", "test")
            .at("2016-07-01T10:05:00Z"),
        started("c2", "u2", "01T10:00:00"),
        event("product.viewed", "c2", "01T10:01:00"),
        checkout("shop", "c2", "k2").at("2016-07-01T10:05:00Z"),
        started("c3", "u3", "01T10:00:00").with("mode", "test"),
    ]);
    let funnel = "steps=started,product.viewed,checkout";
    for unit in ["conversation", "user"] {
        assert_eq!(reached(&app, &format!("{funnel}&unit={unit}")), [2, 2, 1]);
        assert_eq!(reached(&app, &format!("{funnel}&unit={unit}&mode=test")), [2, 1, 1]);
    }
    assert_eq!(
        reached(&app, ""),
        [2, 1, 0],
        "a conversation that only a test started is no live one"
    );
    assert_eq!(reached(&app, "mode=test"), [2, 1, 0]);
}

#[test]
fn a_message_that_comes_later_changes_no_earlier_answer() {
    let app = filled(&[started("c1", "u1", "01T10:00:00")]);
    let as_of = app
        .store()
        .folded_to()
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let path = format!(
        "/v1/metrics/conversion?from=2016-07-01&to=2016-08-01&steps=started,conversation.message&as_of={as_of}"
    );
    let before = app.client.get(&path).expect_status(200).body;
    app.clock.advance(chrono::TimeDelta::hours(1));
    app.client
        .post_events(&lines(&[event("conversation.message", "c1", "01T10:01:00")]));
    app.wait_folded();
    assert_eq!(app.client.get(&path).expect_status(200).body, before);
    assert_eq!(reached(&app, "steps=started,conversation.message"), [1, 1]);
}
