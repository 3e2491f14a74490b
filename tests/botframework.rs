//! Bot Framework activities as the data of CloudEvents.

use botledger::config::UserIds;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::ledger::Ledger;

fn start() -> TestApp {
    TestApp::with(|config| config.privacy.user_ids = UserIds::Plain)
}

fn event(id: &str, activity: &Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "/bot", "type": "bot.activity", "data": activity})
}

/// An activity as a channel sends it to a bot, with these members on top.
fn activity(kind: &str, more: Value) -> Value {
    let mut activity = json!({
        "type": kind, "id": "abc|0000001", "timestamp": "2016-09-23T20:07:49.4714686Z",
        "localTimestamp": "2016-09-23T13:07:49.4714686-07:00", "channelId": "webchat", "serviceUrl": "https://example",
        "from": {"id": "u1", "name": "Ada Lovelace", "role": "user"},
        "recipient": {"id": "shop", "name": "Shop bot", "role": "bot"},
        "conversation": {"id": "c1", "isGroup": false, "name": "Ada"},
    });
    activity
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    activity
}

fn post(app: &TestApp, events: &[Value]) -> Value {
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    app.client.post_lines(&lines).expect_status(200).json()
}

/// What one activity becomes: type, platform, bot, conversation, person, direction, mode.
fn becomes(activities: &[Value]) -> Vec<Vec<String>> {
    let mut app = start();
    let events: Vec<Value> = activities
        .iter()
        .enumerate()
        .map(|(at, activity)| event(&format!("{at:02}"), activity))
        .collect();
    let answer = post(&app, &events);
    assert_eq!(answer["accepted"], activities.len(), "{answer}");
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let words = ["Lovelace", "Ada", "a red one", "photo.png"];
    for word in words {
        let found = format!("select count(*) from events t where t::varchar like '%{word}%'");
        assert_eq!(ledger.number(&found), 0, "{word}");
    }
    ledger.rows("select kind, platform, bot_id, conversation_id, user_id, direction, mode from events order by id")
}

#[test]
fn a_message_goes_in_from_the_person_and_out_from_the_bot() {
    let said = json!({"text": "a red one", "attachments": [{"contentType": "image/png", "name": "photo.png"}]});
    let mut without_roles = activity("message", said.clone());
    without_roles["from"] = json!({"id": "u1"});
    without_roles["recipient"] = json!({"id": "shop"});
    let answer = json!({"from": {"id": "shop", "role": "bot"}, "recipient": {"id": "u1", "role": "user"}});
    let rows = becomes(&[activity("message", said), without_roles, activity("message", answer)]);
    let row = |direction| ["conversation.message", "webchat", "shop", "c1", "u1", direction, "live"];
    assert_eq!(rows, [row("in"), row("in"), row("out")]);
}

/// An activity between two parties of a channel without roles, with these members on top.
fn between(channel: &str, from: &str, recipient: &str, more: Value) -> Value {
    let mut activity = activity("message", more);
    activity["channelId"] = json!(channel);
    activity["from"] = json!({"id": from});
    activity["recipient"] = json!({"id": recipient});
    activity
}

#[test]
fn without_roles_the_bot_is_told_by_the_channels_ids_else_by_what_it_answers() {
    for (channel, bot, person, conversation) in [
        ("msteams", "28:5f1a", "29:1xYz", "a:1q"),
        ("MSTeams", "28:5f1a", "8:orgid:1", "a:1q"),
        ("slack", "B0A:T1", "U0B:T1", "B0A:T1:D2"),
        ("telegram", "shop_sample_bot", "45556740", "45556740"),
        ("facebook", "200", "100", "100-200"),
        ("directline", "200", "dl_100", "c9"),
    ] {
        let talk = json!({"conversation": {"id": conversation}});
        let rows = becomes(&[
            between(channel, person, bot, talk.clone()),
            between(channel, bot, person, talk),
        ]);
        for (row, direction) in rows.iter().zip(["in", "out"]) {
            assert_eq!(
                (row[2].as_str(), row[4].as_str()),
                (bot, person),
                "{channel} {direction}"
            );
            assert_eq!(row[5], direction, "{channel}");
        }
    }
    // Web Chat's ids say nothing.
    let rows = becomes(&[
        between("webchat", "45556740", "shop", json!({})),
        between("webchat", "shop", "45556740", json!({"replyToId": "x1"})),
        between("webchat", "shop", "45556740", json!({"inputHint": "acceptingInput"})),
    ]);
    let row = |direction| {
        [
            "conversation.message",
            "webchat",
            "shop",
            "c1",
            "45556740",
            direction,
            "live",
        ]
    };
    assert_eq!(rows, [row("in"), row("out"), row("out")]);
}

#[test]
fn a_configured_bot_is_never_taken_for_a_person() {
    let mut app = TestApp::with(|config| config.privacy.bots = vec!["shop".into()]);
    let first = between("webchat", "shop", "45556740", json!({}));
    let joins = json!({"type": "conversationUpdate", "membersAdded": [{"id": "shop"}], "recipient": {"id": "other"}});
    let answer = post(
        &app,
        &[event("a", &first), event("b", &activity("conversationUpdate", joins))],
    );
    assert_eq!(answer["accepted"], 2, "{answer}");
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(
        ledger.rows("select kind, bot_id, direction from events order by id"),
        [["conversation.message", "shop", "out"], ["other", "", ""]]
    );
    let person = "select count(*) from events t where t::varchar like '%45556740%'";
    assert_eq!(ledger.number(person), 0, "a person is never stored in plain");
}

#[test]
fn a_person_who_joins_starts_the_conversation_and_the_bot_who_joins_does_not() {
    let bot = json!({"id": "shop"});
    let rows = becomes(&[
        activity(
            "conversationUpdate",
            json!({"membersAdded": [bot, {"id": "u7", "name": "Ada"}]}),
        ),
        activity("conversationUpdate", json!({"membersAdded": [bot]})),
        activity("conversationUpdate", json!({"membersRemoved": [{"id": "u7"}]})),
        activity("endOfConversation", json!({"code": "completedSuccessfully"})),
    ]);
    let other = ["other", "", "", "", "", "", "live"];
    assert_eq!(
        rows,
        [
            ["conversation.started", "webchat", "shop", "c1", "u7", "", "live"],
            other,
            other,
            ["conversation.ended", "webchat", "shop", "c1", "u1", "", "live"],
        ]
    );
}

#[test]
fn messenger_and_telegram_are_the_platforms_that_their_webhooks_name() {
    let rows = becomes(&[
        activity(
            "message",
            json!({"channelId": "facebook", "conversation": {"id": "u1-shop"}}),
        ),
        activity("message", json!({"channelId": "telegram"})),
        activity("message", json!({"channelId": "Direct-Line"})),
        activity("message", json!({"channelId": "emulator"})),
    ]);
    let row = |platform, conversation, mode| ["conversation.message", platform, "shop", conversation, "u1", "in", mode];
    assert_eq!(
        rows,
        [
            row("messenger", "shop:u1", "live"),
            row("telegram", "shop:c1", "live"),
            row("direct_line", "c1", "live"),
            row("emulator", "c1", "test"),
        ]
    );
}

#[test]
fn every_other_activity_is_kept_by_its_type_alone() {
    let kinds = [
        "typing",
        "event",
        "invoke",
        "messageReaction",
        "installationUpdate",
        "somethingNew",
    ];
    let mut app = start();
    let events: Vec<Value> = kinds
        .iter()
        .map(|kind| event(kind, &json!({"type": kind, "value": {"secret": "words"}})))
        .collect();
    assert_eq!(post(&app, &events)["accepted"], 6);
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    let rows = ledger.rows("select kind, notice, reason, extra from events order by id");
    let mut told = kinds.map(|kind| ["other", kind, "", ""]);
    told.sort();
    assert_eq!(rows, told);
}

#[test]
fn the_time_is_the_events_else_the_activitys_cut_to_microseconds_else_that_of_receipt() {
    let mut app = start();
    let mut timed = event("a", &activity("message", json!({})));
    timed["time"] = json!("2016-09-01T00:00:00Z");
    let events = [
        timed,
        event("b", &activity("message", json!({}))),
        event("c", &activity("message", json!({"timestamp": null}))),
    ];
    assert_eq!(post(&app, &events)["accepted"], 3);
    app.stop();
    let rows = Ledger::open(&app.config.data_dir).rows("select time::varchar, time_origin from events order by id");
    let told = [
        ["2016-09-01 00:00:00", "given"],
        ["2016-09-23 20:07:49.471468", "given"],
        ["2026-01-01 00:00:00", "missing"],
    ];
    assert_eq!(rows, told);
}

#[test]
fn the_identity_is_the_cloud_events_and_what_nobody_keeps_makes_no_conflict() {
    let app = start();
    let first = event("a", &activity("message", json!({"text": "one"})));
    let edited = event("a", &activity("message", json!({"text": "two"})));
    let moved = event("a", &activity("message", json!({"conversation": {"id": "c2"}})));
    let answer = post(&app, &[first, edited, moved]);
    let counts = ["accepted", "duplicates", "conflicts"].map(|name| answer[name].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 1]);
}

#[test]
fn a_fault_is_named_by_the_activitys_field() {
    let app = start();
    let faults = [
        (json!({"recipient": null}), "missing_field", "data.recipient.id"),
        (json!({"recipient": {"id": ""}}), "empty", "data.recipient.id"),
        (json!({"recipient": {"id": 7}}), "wrong_type", "data.recipient"),
        (json!({"conversation": {}}), "missing_field", "data.conversation.id"),
        (json!({"channelId": null}), "missing_field", "data.channelId"),
        (
            json!({"channelId": "facebook", "from": null}),
            "missing_field",
            "data.from.id",
        ),
        (json!({"from": {"id": "u".repeat(300)}}), "too_long", "data.from.id"),
        (json!({"timestamp": "23.09.2016"}), "invalid_time", "data.timestamp"),
        (
            json!({"timestamp": "2199-01-01T00:00:00Z"}),
            "time_in_future",
            "data.timestamp",
        ),
        (json!({"membersAdded": "everybody"}), "wrong_type", "data.membersAdded"),
        (json!({"type": 1}), "wrong_type", "data.type"),
    ];
    let events: Vec<Value> = faults
        .iter()
        .map(|(more, ..)| event("x", &activity("message", more.clone())))
        .collect();
    let answer = post(&app, &events);
    for (at, (more, code, field)) in faults.iter().enumerate() {
        let told = &answer["rejected"][at];
        assert_eq!((&told["code"], &told["field"]), (&json!(code), &json!(field)), "{more}");
    }
    let bare = json!({"specversion": "1.0", "id": "y", "source": "/bot", "type": "bot.activity"});
    assert_eq!(post(&app, &[bare])["rejected"][0]["field"], "data");
}
