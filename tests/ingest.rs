//! `POST /v1/events`: every mode and encoding, judged one by one, acknowledged once and durably.

use botledger::generate::{self, Plan, Size};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::{Client, Counts, gzip, zstd};
use crate::support::events::{Draft, bot_registered, captured, checkout, conversation, lines};
use crate::support::ledger::Ledger;

const ONE_ACCEPTED: Counts = Counts {
    accepted: 1,
    duplicates: 0,
    conflicts: 0,
    rejected: 0,
};

/// Posts a body as it is, or compressed as the encoding says.
fn post(client: &Client, headers: &[(String, String)], encoding: &str, body: &[u8]) -> Value {
    let body = match encoding {
        "gzip" => gzip(body),
        "zstd" => zstd(body),
        _ => body.to_vec(),
    };
    let mut headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    if !encoding.is_empty() {
        headers.push(("content-encoding", encoding));
    }
    client.post("/v1/events", &headers, &body).expect_status(200).json()
}

fn content(kind: &str) -> Vec<(String, String)> {
    vec![("content-type".into(), kind.into())]
}

#[test]
fn every_mode_is_taken_plain_and_compressed() {
    let mut app = TestApp::start();
    for encoding in ["", "gzip", "zstd"] {
        let event = || bot_registered(&format!("b-{encoding}"));
        let (headers, data) = event().binary();
        let bodies = [
            (
                content("application/cloudevents+json; charset=utf-8"),
                event().json().to_string().into_bytes(),
            ),
            (
                content("application/cloudevents-batch+json"),
                json!([event().json()]).to_string().into_bytes(),
            ),
            (content("application/x-ndjson"), lines(&[event()]).into_bytes()),
            (headers, data),
        ];
        for (headers, body) in bodies {
            let answer = post(&app.client, &headers, encoding, &body);
            assert_eq!(Counts::of(&answer), ONE_ACCEPTED, "{headers:?} {encoding}: {answer}");
        }
    }
    app.stop();
    assert_eq!(
        Ledger::open(&app.config.data_dir).number("select count(*) from events"),
        12
    );
}

#[test]
fn a_batch_is_judged_event_by_event() {
    let mut app = TestApp::start();
    let first = captured("p1", "29.62", "USD").id("same");
    app.client.post_events(&lines(std::slice::from_ref(&first)));
    let batch = [
        bot_registered("b1").json(),
        captured("p2", "1.005", "USD").id("decimals").json(),
        first.clone().at("2016-07-02T00:00:00Z").json(),
        captured("p1", "29.63", "USD").id("same").json(),
        json!("no event"),
        checkout("b1", "c1", "k1").id("path").with("path", "by_pigeon").json(),
        conversation("b1", "c1").json(),
    ];
    let answer = post(
        &app.client,
        &content("application/cloudevents-batch+json"),
        "",
        json!(batch).to_string().as_bytes(),
    );
    let counts = Counts {
        accepted: 2,
        duplicates: 1,
        conflicts: 1,
        rejected: 3,
    };
    assert_eq!(Counts::of(&answer), counts, "{answer}");
    let told: Vec<_> = answer["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["index"].as_u64().unwrap(),
                one["id"].clone(),
                one["code"].clone(),
                one["field"].clone(),
            )
        })
        .collect();
    let expected = [
        (
            1,
            json!("decimals"),
            json!("amount_too_many_decimals"),
            json!("data.amount.value"),
        ),
        (4, Value::Null, json!("malformed"), Value::Null),
        (5, json!("path"), json!("unknown_word"), json!("data.path")),
    ];
    assert_eq!(told, expected);
    assert_eq!(answer["conflicting"], json!([{"index": 3, "id": "same"}]));
    assert!(
        answer["rejected"][0]["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty())
    );
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(ledger.number("select count(*) from events"), 3);
    assert_eq!(
        ledger.number("select minor from events where id = 'same'"),
        2962,
        "the first accepted stays"
    );
}

#[test]
fn only_a_body_that_is_no_batch_fails_as_a_whole() {
    let mut app = TestApp::start();
    let event = bot_registered("b1").json().to_string();
    let post = |kind: &str, body: &str| {
        app.client
            .post("/v1/events", &[("content-type", kind)], body.as_bytes())
    };
    post("application/cloudevents-batch+json", &format!("[{event},")).problem(400, "unparseable");
    post("application/cloudevents-batch+json", &event).problem(400, "unparseable");
    post("application/cloudevents+json", &format!("[{event}]")).problem(400, "unparseable");
    post("text/plain", &event).problem(415, "unsupported_media_type");
    post("application/cloudevents+avro", &event).problem(415, "unsupported_media_type");
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "br")];
    app.client
        .post("/v1/events", &headers, event.as_bytes())
        .problem(415, "unsupported_encoding");
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")];
    app.client
        .post("/v1/events", &headers, event.as_bytes())
        .problem(400, "unparseable");
    app.stop();
    assert_eq!(
        Ledger::open(&app.config.data_dir).number("select count(*) from events"),
        0
    );
}

#[test]
fn bodies_and_batches_have_limits_and_leave_nothing_when_over_them() {
    let mut app = TestApp::with(|config| {
        config.limits.body_bytes = 20_000;
        config.limits.inflated_bytes = 50_000;
        config.limits.batch_events = 50;
        config.limits.event_bytes = 2_000;
    });
    let many = |n: usize| lines(&(0..n).map(|n| bot_registered(&format!("b{n}"))).collect::<Vec<_>>());
    app.client.post_lines(&many(400)).problem(413, "body_too_large");
    let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "zstd")];
    app.client
        .post("/v1/events", &headers, &zstd(many(2_000).as_bytes()))
        .problem(413, "body_too_large");
    app.client.post_lines(&many(51)).problem(413, "batch_too_large");
    let fat = bot_registered("fat").with("name", "x".repeat(3_000));
    let answer = app.client.post_lines(&lines(&[fat])).expect_status(200).json();
    assert_eq!(answer["rejected"][0]["code"], "event_too_large");
    app.client.post_lines(&many(50)).expect_status(200);
    app.stop();
    assert_eq!(
        Ledger::open(&app.config.data_dir).number("select count(*) from events"),
        50
    );
}

#[test]
fn the_only_event_of_a_request_is_rejected_with_422() {
    let app = TestApp::start();
    let wrong = captured("p1", "29.625", "USD").id("e");
    let (binary, data) = wrong.binary();
    let binary: Vec<(&str, &str)> = binary
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let event = wrong.json().to_string();
    let mut replies = vec![app.client.post("/v1/events", &binary, &data)];
    for kind in ["application/cloudevents+json", "application/json"] {
        replies.push(
            app.client
                .post("/v1/events", &[("content-type", kind)], event.as_bytes()),
        );
    }
    for reply in replies {
        let told = reply.json();
        assert_eq!(reply.problem(422, "rejected"), "data.amount.value");
        let rejection = json!([{"index": 0, "id": "e", "code": "amount_too_many_decimals", "field": "data.amount.value",
                                "message": "has more decimals than the currency"}]);
        assert_eq!(told["rejected"], rejection);
        assert!(told["detail"].as_str().unwrap().contains("more decimals"), "{told}");
    }
    let track = json!({"messageId": "a", "type": "track", "event": "Conversation Started", "userId": "u"}).to_string();
    let call = app
        .client
        .post("/v1/track", &[("content-type", "application/json")], track.as_bytes());
    assert_eq!(call.problem(422, "rejected"), "properties.bot_id");
    // A batch has verdicts, also one of a single event.
    for (kind, body) in [
        ("application/cloudevents-batch+json", format!("[{event}]")),
        ("application/json", format!("[{event}]")),
        ("application/x-ndjson", event.clone()),
    ] {
        let answer = app
            .client
            .post("/v1/events", &[("content-type", kind)], body.as_bytes());
        assert_eq!(
            answer.expect_status(200).json()["rejected"][0]["code"],
            "amount_too_many_decimals",
            "{kind}"
        );
    }
    // What was accepted before is no rejection.
    let good = captured("p2", "1.00", "USD").id("good").json().to_string();
    for counted in ["accepted", "duplicates"] {
        let reply = app
            .client
            .post("/v1/events", &[("content-type", "application/json")], good.as_bytes());
        assert_eq!(reply.expect_status(200).json()[counted], 1);
    }
    let seen = app.client.get_json("/v1/sources");
    let mut sources = seen["sources"].as_array().unwrap().iter();
    let source = sources.find(|source| source["address"] == "/v1/events").unwrap();
    assert_eq!(source["rejected"], 6, "{source}");
}

#[test]
fn the_zero_time_of_a_program_is_refused_by_every_native_way_in() {
    let app = TestApp::start();
    for time in ["0001-01-01T00:00:00Z", "1899-12-30T00:00:00Z", "2016-06-30T23:59:60Z"] {
        let event = bot_registered("b").at(time);
        let (binary, data) = event.binary();
        let activity = json!({"type": "message", "timestamp": time, "channelId": "webchat", "from": {"id": "u"},
                              "recipient": {"id": "shop"}, "conversation": {"id": "c"}});
        let activity =
            json!({"specversion": "1.0", "id": "a", "source": "/bot", "type": "bot.activity", "data": activity});
        let place = json!({"bot_id": "b", "platform": "web", "conversation_id": "c"});
        let call = json!({"messageId": "a", "type": "track", "event": "Conversation Started", "timestamp": time,
                          "properties": place});
        let one = event.json().to_string();
        for (address, headers, body, field) in [
            (
                "/v1/events",
                content("application/cloudevents+json"),
                one.clone().into_bytes(),
                "time",
            ),
            (
                "/v1/events",
                content("application/json"),
                one.clone().into_bytes(),
                "time",
            ),
            ("/v1/events", binary, data, "time"),
            (
                "/v1/events",
                content("application/json"),
                activity.to_string().into_bytes(),
                "data.timestamp",
            ),
            (
                "/v1/track",
                content("application/json"),
                call.to_string().into_bytes(),
                "timestamp",
            ),
            (
                "/v1/events",
                content("application/cloudevents-batch+json"),
                format!("[{one}]").into_bytes(),
                "time",
            ),
            (
                "/v1/events",
                content("application/x-ndjson"),
                one.clone().into_bytes(),
                "time",
            ),
            (
                "/v1/batch",
                content("application/json"),
                json!({"batch": [call]}).to_string().into_bytes(),
                "timestamp",
            ),
        ] {
            let headers: Vec<(&str, &str)> = headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let reply = app.client.post(address, &headers, &body);
            let rejected = &reply.json()["rejected"][0];
            let told = (rejected["code"].as_str(), rejected["field"].as_str());
            assert_eq!(told, (Some("invalid_time"), Some(field)), "{time} {address}");
        }
    }
}

#[test]
fn a_leap_second_counts_in_its_own_day() {
    let mut app = TestApp::start();
    let event = bot_registered("b").at("2016-12-31T23:59:60Z");
    app.clock.set("2017-06-01T00:00:00Z");
    assert_eq!(app.client.post_events(&lines(&[event])).accepted, 1);
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(
        ledger.rows("select strftime(time, '%Y-%m-%d %H:%M:%S') from events"),
        [["2016-12-31 23:59:59"]]
    );
}

#[test]
fn json_is_read_as_what_it_is() {
    let app = TestApp::start();
    let event = |id: &str| bot_registered(id).id(id).json().to_string();
    let post = |kind: &str, body: &str| {
        app.client
            .post("/v1/events", &[("content-type", kind)], body.as_bytes())
    };
    let accepted = |kind: &str, body: &str| post(kind, body).expect_status(200).json()["accepted"].clone();
    assert_eq!(accepted("application/json", &event("1")), 1);
    assert_eq!(
        accepted(
            "application/json; charset=utf-8",
            &format!(" [{},{}]", event("2"), event("3"))
        ),
        2
    );
    assert_eq!(accepted("Application/JSON", "[]"), 0);
    for (nth, kind) in [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonl",
        "application/jsonlines; charset=UTF-8",
    ]
    .iter()
    .enumerate()
    {
        let body = format!("{}\n{}\n", event(&format!("a{nth}")), event(&format!("b{nth}")));
        assert_eq!(accepted(kind, &body), 2, "{kind}");
    }
    for body in ["{\"events\":[]}", "5", "\"text\"", "{\"specversion\":", ""] {
        post("application/json", body).problem(400, "unparseable");
    }
    let told = post("application/json", "{\"bot_id\":\"b\"}").json();
    assert!(told["detail"].as_str().unwrap().contains("specversion"), "{told}");
    let two = format!("{}\n{}", event("x"), event("y"));
    post("application/json", &two).problem(400, "unparseable");
}

#[test]
fn another_spelling_of_the_same_value_is_a_duplicate() {
    let mut app = TestApp::start();
    let draft = |value: &str, rank: &str| {
        let event = captured("p1", value, "USD").id("e").with("rank", 0).json().to_string();
        event.replace("\"rank\":0", &format!("\"rank\":{rank}"))
    };
    assert_eq!(app.client.post_events(&draft("5.00", "100")).accepted, 1);
    for (value, rank) in [("5.0", "100"), ("5", "1e2"), ("05.000", "100.0"), ("5.00", "1.00E+2")] {
        assert_eq!(
            app.client.post_events(&draft(value, rank)).duplicates,
            1,
            "{value} {rank}"
        );
    }
    assert_eq!(app.client.post_events(&draft("5.01", "100")).conflicts, 1);
    assert_eq!(app.client.post_events(&draft("5.00", "101")).conflicts, 1);
    app.restart();
    assert_eq!(app.client.post_events(&draft("5.0", "1e2")).duplicates, 1);
}

#[test]
fn a_duplicate_and_a_conflict_are_known_for_ever() {
    let mut app = TestApp::start();
    let event = || captured("p1", "29.62", "USD").id("e");
    let counts = |app: &TestApp, event: Draft| app.client.post_events(&lines(&[event]));
    assert_eq!(counts(&app, event()).accepted, 1);
    for _ in 0..2 {
        assert_eq!(counts(&app, event()).duplicates, 1);
        assert_eq!(
            counts(&app, event().at("2016-07-09T00:00:00Z")).duplicates,
            1,
            "another time is no other content"
        );
        assert_eq!(counts(&app, event().with("network", "amex")).conflicts, 1);
        app.restart();
    }
    assert_eq!(counts(&app, event()).duplicates, 1);
    app.stop();
    let ledger = Ledger::open(&app.config.data_dir);
    assert_eq!(
        ledger.rows("select network, strftime(time, '%Y-%m-%d') from events"),
        [["visa", "2016-07-01"]]
    );
}

#[test]
fn the_same_identity_twice_in_one_batch_is_one_event() {
    let app = TestApp::start();
    let event = captured("p1", "29.62", "USD").id("e");
    let other = captured("p1", "1.00", "USD").id("e");
    let counts = app.client.post_events(&lines(&[event.clone(), event, other]));
    let expected = Counts {
        accepted: 1,
        duplicates: 1,
        conflicts: 1,
        rejected: 0,
    };
    assert_eq!(counts, expected);
}

#[test]
fn an_event_more_than_a_day_ahead_of_the_clock_is_rejected() {
    let app = TestApp::start();
    app.clock.set("2016-07-01T00:00:00Z");
    let answer = app.client.post_lines(&lines(&[
        bot_registered("near").at("2016-07-02T00:00:00Z"),
        bot_registered("far").at("2016-07-02T00:00:01Z"),
    ]));
    let answer = answer.expect_status(200).json();
    assert_eq!(
        (answer["accepted"].as_u64(), &answer["rejected"][0]["code"]),
        (Some(1), &json!("time_in_future"))
    );
    assert_eq!(answer["rejected"][0]["field"], "time");
}

#[test]
fn stamps_of_receipt_increase_also_when_the_clock_steps_back() {
    let mut app = TestApp::start();
    let stamp = |app: &TestApp| {
        let answer = app
            .client
            .post_lines(&lines(&[bot_registered("b")]))
            .expect_status(200)
            .json();
        crate::support::app::instant(answer["received_at"].as_str().unwrap())
    };
    let mut stamps = vec![stamp(&app), stamp(&app)];
    app.clock.set("2016-12-31T00:00:00Z");
    stamps.push(stamp(&app));
    // A start bears some minutes only.
    app.clock.set("2025-12-31T23:57:00Z");
    app.restart();
    stamps.push(stamp(&app));
    assert!(stamps.is_sorted_by(|a, b| a < b), "{stamps:?}");
}

#[test]
fn what_is_refused_while_the_writer_is_behind_leaves_nothing() {
    let mut app = TestApp::with(|config| config.limits.queue_events = 1);
    let post = |worker: usize| {
        let (client, mut accepted, mut refused) = (app.client.clone(), 0, 0);
        move || {
            for round in 0..20 {
                let batch: Vec<Draft> = (0..40)
                    .map(|n| bot_registered(&format!("{worker}-{round}-{n}")))
                    .collect();
                let reply = client.post_lines(&lines(&batch));
                if reply.status == 200 {
                    accepted += Counts::of(&reply.json()).accepted;
                } else {
                    assert!(!reply.header("retry-after").is_empty());
                    reply.problem(503, "busy");
                    refused += 1;
                }
            }
            (accepted, refused)
        }
    };
    let workers: Vec<_> = (0..8).map(|worker| std::thread::spawn(post(worker))).collect();
    let outcomes: Vec<(u64, u64)> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    let accepted: u64 = outcomes.iter().map(|(accepted, _)| accepted).sum();
    let refused: u64 = outcomes.iter().map(|(_, refused)| refused).sum();
    assert!(
        accepted > 0 && refused > 0,
        "{accepted} accepted, {refused} refused: nothing was tried"
    );
    app.stop();
    let stored = Ledger::open(&app.config.data_dir).number("select count(*) from events");
    assert_eq!(stored, accepted as i64);
}

#[test]
fn the_address_takes_post_only() {
    let app = TestApp::start();
    let reply = app.client.get("/v1/events");
    assert_eq!(reply.header("allow"), "POST");
    reply.problem(405, "method_not_allowed");
}

#[test]
fn what_was_acknowledged_is_soon_in_the_answers() {
    let app = TestApp::start();
    let batch: Vec<Draft> = (0..10_000).map(|n| conversation("b1", &format!("c{n}"))).collect();
    app.client.post_lines(&lines(&batch)).expect_status(200);
    let acknowledged = std::time::Instant::now();
    let path = "/v1/metrics/conversion?from=2016-07-01&to=2016-08-01";
    while app.client.get_json(path)["rows"][0]["entered"] != 10_000 {
        // The aim is a second; a busy machine gets some more.
        assert!(acknowledged.elapsed().as_secs() < 5, "the answers lag behind");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn the_ledger_takes_what_the_generator_promised() {
    let mut app = TestApp::start();
    let plan = Plan {
        seed: 5,
        bots: 40,
        size: Size::Conversations(800),
        late_share: 600,
        out_of_order_share: 600,
        duplicate_share: 300,
        conflict_share: 100,
        invalid_share: 100,
        ..Plan::default()
    };
    let mut generated = generate::generate(plan).unwrap();
    let all: Vec<String> = generated.by_ref().collect();
    let promised = generated.summary();
    let sent = app.client.post_events(&all.join("\n"));
    let expected = Counts {
        accepted: promised.accepted,
        duplicates: promised.duplicates,
        conflicts: promised.conflicts,
        rejected: promised.rejected,
    };
    assert_eq!(sent, expected);
    assert!(
        sent.accepted > 5_000 && sent.duplicates > 100 && sent.conflicts > 20 && sent.rejected > 20,
        "{sent:?}"
    );
    app.stop();
    let stored =
        Ledger::open(&app.config.data_dir).rows("select kind, count(*) from events group by kind order by kind");
    let by_type = promised.by_type.iter().filter(|(_, count)| *count > 0);
    let mut wanted: Vec<Vec<String>> = by_type
        .map(|(kind, count)| vec![kind.as_str().to_owned(), count.to_string()])
        .collect();
    wanted.sort();
    assert_eq!(stored, wanted);
}
