//! Fields that the contract does not have: told to their sender, counted by name, and no leak of anybody.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use botledger::config::UserIds;
use botledger::ingest::cloudevents::parse;
use botledger::ingest::privacy::Privacy;
use serde_json::{Map, Value, json};

use crate::privacy::{Sensitive, files};
use crate::support::app::{TestApp, instant};
use crate::support::client::Client;
use crate::support::events::{Draft, bot_registered, captured, checkout, lines};
use crate::support::ledger::Ledger;
use crate::support::program::{Served, botledger, run, run_on};

const STRUCTURED: [(&str, &str); 1] = [("content-type", "application/cloudevents+json")];

/// A captured payment whose links are misspelt.
fn misspelt() -> Draft {
    captured("p1", "29.62", "USD")
        .id("paid")
        .with("platfrom", "messenger")
        .with("botId", "b1")
        .with("conversationId", "b1:42")
        .with("Network", "visa")
}

/// What an answer tells of its events: index, id, field, suggestion.
fn told(answer: &Value) -> Vec<(u64, String, String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let all = answer["ignored"].as_array().unwrap().iter();
    all.map(|one| {
        let meant = text(one, "did_you_mean");
        let message = text(one, "message");
        assert_eq!(message.contains("did you mean"), !meant.is_empty(), "{one}");
        (
            one["index"].as_u64().unwrap(),
            text(one, "id"),
            text(one, "field"),
            meant,
        )
    })
    .collect()
}

/// Fields and suggestions of an answer about one event.
fn fields(answer: &Value) -> Vec<(String, String)> {
    told(answer)
        .into_iter()
        .map(|(_, _, field, meant)| (field, meant))
        .collect()
}

fn pair(field: &str, meant: &str) -> (String, String) {
    (field.to_owned(), meant.to_owned())
}

fn post(client: &Client, event: &Value) -> Value {
    let reply = client.post("/v1/events", &STRUCTURED, event.to_string().as_bytes());
    reply.expect_status(200).json()
}

#[test]
fn each_ignored_field_is_told_with_the_one_that_was_meant() {
    let app = TestApp::start();
    let answer = app
        .client
        .post_lines(&lines(&[bot_registered("b1"), misspelt(), misspelt()]))
        .expect_status(200)
        .json();
    assert_eq!((&answer["accepted"], &answer["duplicates"]), (&json!(2), &json!(1)));
    let of = |index| {
        [
            ("data.Network", "data.network"),
            ("data.botId", "data.bot_id"),
            ("data.conversationId", "data.conversation_id"),
            ("data.platfrom", "data.platform"),
        ]
        .map(|(field, meant)| (index, "paid".to_owned(), field.to_owned(), meant.to_owned()))
    };
    assert_eq!(told(&answer), [of(1), of(2)].concat());
    assert_eq!(answer.get("ignored_others"), None);
}

#[test]
fn a_field_of_another_type_of_event_is_ignored_without_a_suggestion() {
    let app = TestApp::start();
    let event = checkout("b1", "c1", "k1").with("direction", "in").with(
        "amount",
        json!({
        "value": "1.00", "currency": "USD", "tax": "0.10"}),
    );
    let expected = [pair("data.amount.tax", ""), pair("data.direction", "")];
    assert_eq!(fields(&post(&app.client, &event.json())), expected);
}

#[test]
fn what_stands_beside_the_data_is_told_and_extensions_are_not() {
    let app = TestApp::start();
    let mut event = bot_registered("b1").json();
    for (name, value) in [
        ("traceparent", "00-1"),
        ("partitionkey", "7"),
        ("dataschema", "https://example.org/schema"),
        ("bot_id", "b1"),
        ("conversationid", "c1"),
        ("platform", "web"),
        ("Subject", "x"),
        ("time_stamp", "x"),
    ] {
        event[name] = json!(value);
    }
    let mut expected = [
        pair("Subject", "subject"),
        pair("bot_id", "data.bot_id"),
        pair("conversationid", "data.conversation_id"),
        pair("platform", "data.platform"),
        pair("time_stamp", ""),
    ];
    expected.sort();
    let mut beside = fields(&post(&app.client, &event));
    beside.sort();
    assert_eq!(beside, expected);
    // The same as headers of binary mode.
    let (headers, body) = bot_registered("b1").with("Name", "Corner Shop").binary();
    let more = [("ce-traceparent", "00-1"), ("ce-botid", "b1"), ("ce-dataschema", "x")];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .chain(more)
        .collect();
    let answer = app.client.post("/v1/events", &headers, &body).expect_status(200).json();
    assert_eq!(
        fields(&answer),
        [pair("ce-botid", "data.bot_id"), pair("data.Name", "data.name")]
    );
}

#[test]
fn a_field_that_is_missing_and_stands_there_misspelt_is_named_in_the_rejection() {
    let app = TestApp::start();
    let event = Draft::new(
        "conversation.started",
        json!({"platform": "web", "bot_id": "b1", "conversationId": "c1"}),
    );
    let answer = app
        .client
        .post_lines(&lines(&[event, bot_registered("b1")]))
        .expect_status(200)
        .json();
    let rejected = &answer["rejected"][0];
    assert_eq!(
        (&rejected["code"], &rejected["field"]),
        (&json!("missing_field"), &json!("data.conversation_id"))
    );
    let message = rejected["message"].as_str().unwrap();
    assert!(
        message.ends_with("; you sent `data.conversationId`, which is not read"),
        "{message}"
    );
    assert_eq!(answer["ignored"], json!([]), "nothing of it is stored");
}

#[test]
fn ten_fields_of_an_event_are_named_and_misspelt_ones_among_them() {
    let app = TestApp::start();
    let many = (0..40).fold(captured("p1", "1.00", "USD"), |event, n| {
        event.with(&format!("more_{n:02}"), n)
    });
    let answer = post(&app.client, &many.with("zone", "a").with("userId", "u1").json());
    let names = fields(&answer);
    assert_eq!((names.len(), &answer["ignored_others"]), (10, &json!(32)));
    assert!(names.contains(&pair("data.userId", "data.user_id")), "{names:?}");
    // Over many events, so many of them as an answer lists.
    let events: Vec<Draft> = (0..600)
        .map(|n| bot_registered(&format!("b{n}")).with("one", 1).with("two", 2))
        .collect();
    let answer = app.client.post_lines(&lines(&events)).expect_status(200).json();
    assert_eq!((told(&answer).len(), &answer["ignored_others"]), (1000, &json!(200)));
}

#[test]
fn sources_count_accepted_events_by_the_names_that_they_had() {
    let mut app = TestApp::start();
    let plan = |id: &str| {
        bot_registered("b1")
            .id(id)
            .with("plan", "gold")
            .with("jane@example.org", 1)
    };
    app.client.post_events(&lines(&[
        misspelt(),
        plan("1"),
        plan("2"),
        plan("2"),
        bot_registered("b2"),
    ]));
    let track = json!({"type": "track", "event": "Conversation Started", "messageId": "m1", "userId": "u1",
        "properties": {"platform": "web", "bot_id": "b1", "conversation_id": "c1", "Country": "US", "theme": "dark"},
        "context": {"library": {"name": "analytics-python"}, "os": {}, "botId": "b1", "user_id": "u1"}, "sentAt": "x",
        "user_id": "u1", "writeKey": "w"});
    let answer = app
        .client
        .post("/v1/track", &[], track.to_string().as_bytes())
        .expect_status(200)
        .json();
    let expected = [
        pair("properties.Country", "properties.country"),
        pair("properties.theme", ""),
        pair("context.botId", "context.bot_id"),
        pair("context.user_id", "properties.user_id"),
        pair("user_id", "userId"),
    ];
    assert_eq!(fields(&answer), expected);
    let board = |app: &TestApp| {
        let board = app.client.get_json("/v1/sources");
        let one = |at: usize| {
            let source = &board["sources"][at];
            ["ignored", "ignored_fields", "ignored_others"].map(|name| source[name].clone())
        };
        [one(0), one(1)]
    };
    let count = |(field, meant, count): (&str, &str, u64)| {
        let meant = Some(meant).filter(|meant| !meant.is_empty());
        json!({"field": field, "did_you_mean": meant, "count": count})
    };
    let native = [
        ("data.Network", "data.network", 1),
        ("data.botId", "data.bot_id", 1),
        ("data.conversationId", "data.conversation_id", 1),
        ("data.platfrom", "data.platform", 1),
        ("data.(a name that is not shown)", "", 2),
        ("data.plan", "", 2),
    ];
    let segment = [
        ("context.botId", "context.bot_id", 1),
        ("context.user_id", "properties.user_id", 1),
        ("properties.Country", "properties.country", 1),
        ("user_id", "userId", 1),
        ("properties.theme", "", 1),
    ];
    let expected = [
        [json!(8), native.map(count).as_slice().into(), json!(0)],
        [json!(5), segment.map(count).as_slice().into(), json!(0)],
    ];
    assert_eq!(board(&app), expected);
    app.wait_folded();
    let page = app.client.get("/").expect_status(200).text();
    assert!(page.contains("data.platfrom is not read, and 1 event had it; did you mean data.platform?"));
    assert!(page.contains("data-count=\"ignored\" data-value=\"8\"") && page.contains("data-ignored=\"data.plan\""));
    assert!(!page.contains("jane"));
    app.restart();
    assert_eq!(board(&app), expected, "they survive a restart");
}

#[test]
fn the_name_of_a_call_that_is_not_counted_is_told_where_it_resembles_one_that_is() {
    let app = TestApp::start();
    let call = |event: &str| {
        let call = json!({"type": "track", "event": event, "messageId": event, "properties": {"anything": 1}});
        let answer = app
            .client
            .post("/v1/track", &[], call.to_string().as_bytes())
            .expect_status(200)
            .json();
        assert_eq!((&answer["accepted"], &answer["other"]), (&json!(1), &json!(1)));
        fields(&answer)
    };
    assert_eq!(call("Conversaton Started"), [pair("event", "conversation.started")]);
    assert_eq!(call("Transaction Refund"), [pair("event", "transaction.refunded")]);
    assert_eq!(call("Product Clicked"), []);
}

#[test]
fn an_activity_tells_what_microsofts_schema_does_not_have() {
    let app = TestApp::start();
    let activity = Draft::new(
        "bot.activity",
        json!({"type": "message", "channelId": "webchat", "id": "1", "text": "hello",
        "locale": "en", "code": "x", "recipient": {"id": "shop", "name": "Shop"}, "from": {"id": "u1", "Role": "user", "psid": "7"},
        "conversation": {"id": "c1", "isGroup": false}, "conversationId": "c1", "replyToID": "2", "timeStamp": "x"}),
    );
    let expected = [
        pair("data.conversationId", "data.conversation"),
        pair("data.replyToID", ""),
        pair("data.timeStamp", "data.timestamp"),
        pair("data.from.Role", "data.from.role"),
        pair("data.from.psid", ""),
    ];
    assert_eq!(fields(&post(&app.client, &activity.json())), expected);
    let typing = Draft::new("bot.activity", json!({"type": "typing", "anything": 1}));
    assert_eq!(fields(&post(&app.client, &typing.json())), []);
}

#[test]
fn import_prints_what_it_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events");
    std::fs::write(
        &file,
        lines(&[
            misspelt(),
            bot_registered("b1").with("plan", "gold"),
            bot_registered("b1"),
        ]),
    )
    .unwrap();
    let text = run_on(&folder.path().join("data"), &["import", file.to_str().unwrap()]);
    assert!(text.contains("3 accepted"), "{text}");
    let ignored: Vec<&str> = text.lines().filter(|line| line.contains("ignored")).collect();
    let expected = [
        "  ignored 1: data.Network; did you mean data.network?",
        "  ignored 1: data.botId; did you mean data.bot_id?",
        "  ignored 1: data.conversationId; did you mean data.conversation_id?",
        "  ignored 1: data.platfrom; did you mean data.platform?",
        "  ignored 1: data.plan",
    ];
    assert_eq!(ignored, expected);
}

#[test]
fn what_earlier_versions_stored_with_more_of_it_is_the_same_event_still() {
    let app = TestApp::start();
    let sent = |note: &str| {
        json!({"specversion": "1.0", "id": "e1", "source": "/tests", "type": "bot.registered", "time": "2016-07-01T00:00:00Z",
            "data": {"platform": "web", "bot_id": "b1", "botId": "b2", "note": note}})
    };
    let rules = Privacy::new(&[7; 32], UserIds::Hashed);
    let mut event = parse(
        sent("a text").to_string().as_bytes(),
        instant("2016-07-02T00:00:00Z"),
        &rules,
    )
    .unwrap();
    // By Python, over all members in order of their names: those that are not kept by their HMAC, and as they were sent.
    assert_eq!(
        (event.content, event.former),
        (2594222220141752881, Some(6100613160093483527))
    );
    event.content = event.former.take().unwrap();
    event.extra = Some(r#"{"botId":"b2","note":"a text"}"#.into());
    let stored = actix_web::rt::System::new()
        .block_on(app.store().append(vec![event]))
        .unwrap();
    assert_eq!(stored.outcomes.len(), 1);
    let outcome = |note: &str| {
        let answer = post(&app.client, &sent(note));
        ["accepted", "duplicates", "conflicts"].map(|name| answer[name].as_u64().unwrap())
    };
    assert_eq!(outcome("a text"), [0, 1, 0]);
    assert_eq!(outcome("another"), [0, 0, 1]);
}

const PERSON: &str = "8123456789012345";
const LOGIN: &str = "quillfeather";
const SAID: &str = "heliotrope";
const SENTENCE: &str = "send it to aunt marigold";
const NAME: &str = "Ottoline Quillfeather";

/// A person under every name but the contract's, nested and in arrays; and three things that are nobody's.
fn person() -> Map<String, Value> {
    let number: u64 = PERSON.parse().unwrap();
    let members = json!({
        "userId": PERSON, "psid": number, "sender_id": PERSON, "from": {"id": PERSON, "name": NAME, "first": LOGIN},
        "chatId": format!("page:{PERSON}"), "ConversationId": format!("page:{PERSON}"), "usr_id": PERSON,
        "message": SENTENCE, "text": SAID, "body": {"text": SAID, "parts": [SENTENCE, SAID]}, "comment": [[SAID]],
        "messages": [{"text": SAID, "from": PERSON, "mid": format!("m_{PERSON}")}], "handle": LOGIN, "said_by": LOGIN,
        "items": [{"userId": number, "note": SAID, "buyer": {"plan": LOGIN}}, PERSON, number, SENTENCE, NAME],
        "metadata": format!("{{\"user\": \"{PERSON}\", \"said\": \"{SENTENCE}\"}}"), "customer": {"login": LOGIN},
        "remark": SENTENCE, "memo": NAME, "link": format!("https://example.org/{LOGIN}"), "title": SAID,
        PERSON: 1, NAME: {"plan": "gold"}, (format!("{LOGIN}@example.org")): true,
        "plan": "gold", "steps": 7, "vip": true,
    });
    members.as_object().unwrap().clone()
}

fn with_person(mut event: Value) -> Value {
    event["data"].as_object_mut().unwrap().extend(person());
    event
}

/// Posts the person by every way in; every event is taken, and no answer repeats anything.
fn send_the_person(client: &Client) {
    let taken = |path: &str, headers: &[(&str, &str)], body: &[u8]| {
        let reply = client.post(path, headers, body).expect_status(200);
        let answer = reply.json();
        assert_eq!(answer["accepted"], 1, "{answer}");
        assert!(!answer["ignored"].as_array().unwrap().is_empty(), "{answer}");
        for wanted in [PERSON, LOGIN, SAID, SENTENCE, NAME] {
            assert!(!reply.text().contains(wanted), "{wanted}: {answer}");
        }
    };
    let event = || with_person(captured("p1", "1.00", "USD").json());
    let content = |kind| [("content-type", kind)];
    taken("/v1/events", &STRUCTURED, event().to_string().as_bytes());
    taken(
        "/v1/events",
        &content("application/cloudevents-batch+json"),
        json!([event()]).to_string().as_bytes(),
    );
    taken(
        "/v1/events",
        &content("application/x-ndjson"),
        event().to_string().as_bytes(),
    );
    let mut beside = event();
    beside.as_object_mut().unwrap().extend(person());
    taken("/v1/events", &STRUCTURED, beside.to_string().as_bytes());
    // A type that has none of the contract's own fields for a person.
    let bot = bot_registered("b1")
        .with("user_id", PERSON)
        .with("conversation_id", format!("b1:{PERSON}"));
    taken(
        "/v1/events",
        &STRUCTURED,
        with_person(bot.json()).to_string().as_bytes(),
    );
    let draft = person()
        .into_iter()
        .fold(captured("p1", "1.00", "USD"), |draft, (name, value)| {
            draft.with(&name, value)
        });
    let (headers, body) = draft.binary();
    let more = [("ce-userid", PERSON), ("ce-psid", PERSON)];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .chain(more)
        .collect();
    taken("/v1/events", &headers, &body);
    let mut properties = person();
    properties.extend(
        json!({"platform": "web", "bot_id": "b1", "conversation_id": "c1"})
            .as_object()
            .unwrap()
            .clone(),
    );
    let mut call = json!({"type": "track", "event": "Conversation Started", "messageId": "m1", "properties": properties,
        "context": person(), "traits": person()});
    call["context"]["traits"] = person().into();
    let mut more = person();
    // Segment has this one.
    more.remove("userId");
    call.as_object_mut().unwrap().extend(more);
    taken("/v1/batch", &[], json!({"batch": [call]}).to_string().as_bytes());
    let mut activity =
        json!({"type": "message", "channelId": "webchat", "recipient": {"id": "shop"}, "conversation": {"id": "c1"}});
    activity.as_object_mut().unwrap().extend(person());
    activity["from"] = json!({"id": "u1", "name": NAME, "login": LOGIN});
    taken(
        "/v1/events",
        &STRUCTURED,
        Draft::new("bot.activity", activity).json().to_string().as_bytes(),
    );
    // What is not counted is kept by its name, and a name can be anything, too.
    for name in [format!("{LOGIN}@example.org"), format!("Called {PERSON}")] {
        let call = json!({"type": "track", "event": name, "messageId": name.len().to_string(), "properties": person()});
        client
            .post("/v1/track", &[], call.to_string().as_bytes())
            .expect_status(200);
        let activity = Draft::new("bot.activity", json!({ "type": name }));
        assert_eq!(post(client, &activity.json())["accepted"], 1);
    }
    // A rejection repeats nothing either.
    let mut refused = event();
    refused["data"].as_object_mut().unwrap().remove("amount");
    client
        .post_lines(&format!("{refused}\n{}", bot_registered("b1").json()))
        .expect_status(200);
}

/// Finds nothing of the person in any file of a data folder, then nothing in any table.
fn assert_nobody(data: &Path, more: &[&Path], close: impl FnOnce()) {
    let wanted = [PERSON, LOGIN, SAID, SENTENCE, "Ottoline", "marigold"].map(str::to_owned);
    let wanted = Sensitive {
        strings: wanted.into(),
        codes: Vec::new(),
    };
    for path in files(data).iter().map(|path| &**path).chain(more.iter().copied()) {
        assert_eq!(wanted.in_file(path), BTreeSet::new(), "{}", path.display());
    }
    close();
    assert_eq!(wanted.in_tables(data), BTreeSet::new());
}

#[test]
fn a_misspelt_person_is_nowhere_on_disk_or_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let mut command = botledger(&["serve", "--listen", "127.0.0.1:0", "--log", "debug"]);
    command.arg("--data-dir").arg(&data);
    command.stderr(Stdio::from(std::fs::File::create(&log).unwrap()));
    let server = Served::spawn(command);
    send_the_person(&server.client);
    let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    // An answer about now: everything is folded into facts, too.
    let question = format!("/v1/metrics/payments?as_of={now}");
    let folded = (0..30).any(|_| server.client.get(&question).status == 200);
    assert!(folded, "the answers lag behind");
    for path in ["/v1/sources", "/"] {
        let told = server.client.get(path).expect_status(200).text();
        assert!(
            [PERSON, LOGIN, SAID, NAME].iter().all(|wanted| !told.contains(wanted)),
            "{path}"
        );
    }
    assert_nobody(&data, &[&log], || assert!(server.terminate().success()));
    let kept = Ledger::open(&data).rows("select distinct extra from events where kind = 'transaction.captured'");
    assert_eq!(kept, [[r#"{"plan":"gold","steps":7,"vip":true}"#]]);
}

#[test]
fn a_misspelt_person_leaves_nothing_through_an_import() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("events"));
    std::fs::write(&file, with_person(captured("p1", "1.00", "USD").json()).to_string()).unwrap();
    let output = run(&["--data-dir", data.to_str().unwrap(), "import", file.to_str().unwrap()]);
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(
        text.contains("1 accepted") && text.contains("data.userId; did you mean data.user_id?"),
        "{text}"
    );
    assert!(
        [PERSON, LOGIN, SAID, NAME].iter().all(|wanted| !text.contains(wanted)),
        "{text}"
    );
    assert_nobody(&data, &[], || {});
    let out = folder.path().join("out");
    run_on(&data, &["export", out.to_str().unwrap()]);
    let exported = Ledger(duckdb::Connection::open_in_memory().unwrap());
    let kept = exported.rows(&format!(
        "select extra from read_parquet('{}/**/*.parquet')",
        out.display()
    ));
    assert_eq!(kept, [[r#"{"plan":"gold","steps":7,"vip":true}"#]]);
}
